import { version } from '../../package.json';
import { InvalidArguments } from '../base/errors.ts';
import type { Module } from '../module.ts';
import { NameLookup } from '../options/names.ts';
import type { OptionTable, OptionValues } from '../options/option.ts';
import { moduleArgs, readOptions } from '../options/read-options.ts';
import type { Reporter } from '../run.ts';
import { extractAnsibleKeys, type RunMode } from './ansible-keys';
import { type CommandLine, type InputSource, readCommandLine } from './command-line.ts';
import { readInput } from './read-input.ts';
import { failed, type Result, serialize, succeeded } from './result.ts';
import { RunReport } from './run-report.ts';
import { showNames } from './show-names.ts';

/** The process around a call, as far as the call sees it. */
export interface CallIo {
  /** What `--help` prints. */
  readonly help: () => string;
  /** Standard input; opened only when the options are read from there. */
  readonly stdin: () => AsyncIterable<Buffer>;
  readonly isTerminal: (descriptor: 0 | 1) => Promise<boolean>;
  /** Aborted with the error to answer with when a signal asks the run to end. */
  readonly signal: AbortSignal;
  /** Rejects with what was thrown where nobody waits for it. */
  readonly crash: Promise<never>;
  /** Says on stderr what a run waits for, if that is a terminal. */
  readonly showWait: Reporter['showWait'];
}

/** What goes to standard output, and the exit status. */
export interface CallOutput {
  readonly text: string;
  readonly exitCode: number;
}

/** What a call turned out to ask for, as far as it could be read. */
interface Call {
  controls: RunMode;
  detailedExitcode: boolean;
  /** The result's `invocation.module_args`. */
  args: Record<string, unknown> | undefined;
  /** The names of ids that the call gave. */
  names: NameLookup | undefined;
}

/**
 * A whole call of a module, from the words after its name to the one JSON object (or the text that
 * was asked for) that answers it. Never rejects.
 */
export async function callModule<T extends OptionTable>(
  module: Module<string, T>,
  words: readonly string[],
  io: CallIo,
): Promise<CallOutput> {
  const report = new RunReport();
  const call: Call = {
    controls: { check: true, diff: false, verbosity: 0, isFromAnsible: false },
    detailedExitcode: false,
    args: undefined,
    names: undefined,
  };
  let result: Result;
  try {
    const answer = await Promise.race([start(module, words, io, report, call), io.crash]);
    if (typeof answer === 'string') return { text: answer, exitCode: 0 };
    result = answer;
  } catch (error) {
    result = failed(error, report.progress, call.controls.verbosity);
  }
  const told: Result = {
    ...result,
    ...report.fields({ withApi: call.controls.verbosity >= 2 }),
  };
  const whole: Result = {
    ...(call.names === undefined ? told : showNames(told, call.names)),
    ...(call.args !== undefined && { invocation: { module_args: call.args } }),
  };
  const isIndented = !call.controls.isFromAnsible && (await io.isTerminal(1));
  return {
    text: report.conceal(serialize(whole, isIndented)),
    exitCode: result.failed ? 1 : call.detailedExitcode && result.changed ? 2 : 0,
  };
}

/** Gives the result, or the text that was asked for. */
async function start<T extends OptionTable>(
  module: Module<string, T>,
  words: readonly string[],
  io: CallIo,
  report: RunReport,
  call: Call,
): Promise<Result | string> {
  const commandLine = readCommandLine(words);
  call.detailedExitcode = commandLine.detailedExitcode;
  if (commandLine.version) return `${module.name} ${version}\n`;
  if (commandLine.help || (commandLine.source === undefined && (await io.isTerminal(0))))
    return io.help();
  const values = await readCall(module, commandLine, io, call);
  const { check, diff, isFromAnsible } = call.controls;
  if (!isFromAnsible && !(commandLine.json && (await io.isTerminal(1))))
    report.showWait = io.showWait;
  const run = { module: module.name, check, signal: io.signal, report };
  return succeeded(await module.run(values, run), diff);
}

/** Whether it is named as Ansible names the file of a module's arguments. */
function isAnsibleArgsFile(source: InputSource): boolean {
  return source.from === 'file' && /(^|\/)args$/.test(source.path);
}

async function readCall<T extends OptionTable>(
  module: Module<string, T>,
  commandLine: CommandLine,
  io: CallIo,
  call: Call,
): Promise<OptionValues<T>> {
  const source = commandLine.source ?? { from: 'stdin' };
  // What its arguments say, if they can be read, decides.
  call.controls = { ...call.controls, isFromAnsible: isAnsibleArgsFile(source) };
  const given = await readInput(source, {
    ...io,
    refusesEmpty: module.refusesEmptyInput ?? false,
  });
  const { problems, ...controls } = extractAnsibleKeys(given, commandLine);
  call.controls = controls;
  const {
    values,
    partial,
    problems: unfit,
  } = await readOptions(module.name, module.options, given);
  call.args = moduleArgs(module.options, partial);
  const { names } = partial;
  if (names instanceof NameLookup) call.names = names;
  const wrong = [...problems, ...unfit, ...(module.rules?.(partial) ?? [])];
  if (wrong.length > 0 || values === undefined) throw new InvalidArguments(wrong);
  return values;
}
