import { version } from '../../package.json';
import { InvalidArguments, type ModuleError } from '../base/errors.ts';
import type { Module } from '../module.ts';
import type { OptionTable } from '../options/option.ts';
import type { Reporter } from '../run.ts';
import { extractAnsibleKeys, type RunMode } from './ansible-keys.ts';
import { type CommandLine, type InputSource, readCommandLine } from './command-line.ts';
import { type GivenOptions, type OptionsOfCall, readCallValues } from './read-call-values.ts';
import { readInput } from './read-input.ts';
import { failureResult, type Result, serialize, successResult, toModuleError } from './result.ts';
import { RunReport } from './run-report.ts';
import { showNames } from './show-names.ts';

/** The parts of the process that a call uses. */
export interface CallIo {
  /** Returns the text that `--help` prints. */
  readonly help: () => string;
  /** Opens standard input. Called only to read the options. */
  readonly stdin: () => AsyncIterable<Buffer>;
  readonly isTerminal: (descriptor: 0 | 1) => Promise<boolean>;
  /**
   * Aborted when a signal such as SIGTERM asks the run to end. Its `reason` is the error that the
   * result reports.
   */
  readonly signal: AbortSignal;
  /** Rejects with the first uncaught exception of the process. */
  readonly crash: Promise<never>;
  /** Shows a wait on stderr if stderr is a terminal. */
  readonly showWait: Reporter['showWait'];
}

/** The text for standard output, and the exit status. */
export interface CallOutput {
  readonly text: string;
  readonly exitCode: number;
}

/** The parts of a call that have been read so far. Even the result of a failed call uses them. */
interface CallState extends OptionsOfCall {
  mode: RunMode;
  detailedExitcode: boolean;
  /** Returns whether a person on a terminal reads the answer. */
  isForPeople(): Promise<boolean>;
}

/**
 * Calls a module with the arguments of its command line. Returns the answer: one JSON object, or
 * text for a person on a terminal. Never rejects.
 */
export async function callModule<T extends OptionTable>(
  module: Module<string, T>,
  args: readonly string[],
  io: CallIo,
): Promise<CallOutput> {
  const report = new RunReport();
  const call: CallState = {
    mode: { check: true, diff: false, verbosity: 0, isFromAnsible: false },
    detailedExitcode: false,
    // With Ansible over ssh, standard output may be a terminal although no person reads it.
    isForPeople: async () =>
      !call.mode.isFromAnsible && !args.includes('--json') && (await io.isTerminal(1)),
    getModuleArgs: undefined,
    names: undefined,
  };
  let result: Result;
  let failure: ModuleError | undefined;
  try {
    const answer = await Promise.race([answerCall(module, args, io, report, call), io.crash]);
    if (typeof answer === 'string') return { text: answer, exitCode: 0 };
    result = answer;
  } catch (error) {
    failure = toModuleError(error);
    result = failureResult(failure, report.progress, call.mode.verbosity);
  }
  await report.logWrites((id) => call.names?.nameOf(id));
  const isForPeople = await call.isForPeople();
  const reported: Result = {
    ...result,
    ...(isForPeople && failure && { forPeople: sentencesOf(failure) }),
    ...report.commonFields({ withApi: call.mode.verbosity >= 2 }),
  };
  const resultWithNames = call.names === undefined ? reported : showNames(reported, call.names);
  const exitCode = result.failed ? 1 : call.detailedExitcode && result.changed ? 2 : 0;
  if (isForPeople) {
    const { answerText } = await import('./text/answer-text.ts');
    return {
      text: answerText(module.name, call.mode.check, report.concealIn(resultWithNames)),
      exitCode,
    };
  }
  const complete: Result = {
    ...resultWithNames,
    ...(call.getModuleArgs !== undefined && { invocation: { module_args: call.getModuleArgs() } }),
  };
  const isIndented = !call.mode.isFromAnsible && (await io.isTerminal(1));
  return { text: report.maskSecrets(serialize(complete, isIndented)), exitCode };
}

function sentencesOf(failure: ModuleError) {
  const { reason, advice } = failure;
  return { reason, advice, problems: failure instanceof InvalidArguments ? failure.problems : [] };
}

/** Returns the result, or the text for `--help` or `--version`. */
async function answerCall<T extends OptionTable>(
  module: Module<string, T>,
  args: readonly string[],
  io: CallIo,
  report: RunReport,
  call: CallState,
): Promise<Result | string> {
  const commandLine = readCommandLine(args);
  call.detailedExitcode = commandLine.detailedExitcode;
  if (commandLine.version) return `${module.name} ${version}\n`;
  if (commandLine.help || (commandLine.source === undefined && (await io.isTerminal(0))))
    return io.help();
  const given = await readCall(module, commandLine, io, call);
  const { values, expand } = await readCallValues(module, given, call, {
    isValidation: commandLine.validate,
    signal: io.signal,
    report,
  });
  if (commandLine.validate) {
    return successResult({ changed: false, msg: 'The options are valid.', fields: {} }, false);
  }
  const { check, diff, isFromAnsible } = call.mode;
  const withDiff = diff || (check && (await call.isForPeople()));
  if (!isFromAnsible && !(commandLine.json && (await io.isTerminal(1))))
    report.showWait = io.showWait;
  const run = { module: module.name, check, signal: io.signal, report };
  return successResult(await module.run(values, run, expand), withDiff);
}

/** Returns whether the source is a file named `args`, the name that Ansible uses. */
function isAnsibleArgsFile(source: InputSource): boolean {
  return source.from === 'file' && /(^|\/)args$/.test(source.path);
}

/** Reads the raw options, and takes the run mode from Ansible's keys and the flags. */
async function readCall<T extends OptionTable>(
  module: Module<string, T>,
  commandLine: CommandLine,
  io: CallIo,
  call: CallState,
): Promise<GivenOptions> {
  const source = commandLine.source ?? { from: 'stdin' };
  // Until the options have been read, only the file name shows whether Ansible is the caller.
  call.mode = { ...call.mode, isFromAnsible: isAnsibleArgsFile(source) };
  const rawOptions = await readInput(source, {
    ...io,
    refusesEmpty: module.refusesEmptyInput ?? false,
  });
  const { problems, ...mode } = extractAnsibleKeys(rawOptions, commandLine);
  call.mode = mode;
  return { rawOptions, problems };
}
