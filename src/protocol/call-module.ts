import { version } from '../../package.json';
import { InvalidArguments, type Problem } from '../base/errors.ts';
import type { Module } from '../module.ts';
import { coerceBoolean } from '../options/coercions.ts';
import { NameLookup } from '../options/names.ts';
import type { OptionTable, OptionValues } from '../options/option.ts';
import {
  moduleArgs,
  type ParsedOptions,
  readOptions,
  readValues,
} from '../options/read-options.ts';
import type { Reporter } from '../run.ts';
import { type CallSettings, extractAnsibleKeys } from './ansible-keys.ts';
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
  controls: CallSettings;
  detailedExitcode: boolean;
  /** Returns the result's `invocation.module_args`. */
  args: (() => Record<string, unknown>) | undefined;
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
    ...(call.args !== undefined && { invocation: { module_args: call.args() } }),
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
  const given = await readCall(module, commandLine, io, call);
  const values = await readCallOptions(module, given, call, io.signal, report);
  const { check, diff, isFromAnsible } = call.controls;
  if (!isFromAnsible && !(commandLine.json && (await io.isTerminal(1)))) {
    report.showWait = io.showWait;
  }
  const run = { module: module.name, check, signal: io.signal, report };
  return succeeded(await module.run(values, run), diff);
}

/** Whether it is named as Ansible names the file of a module's arguments. */
function isAnsibleArgsFile(source: InputSource): boolean {
  return source.from === 'file' && /(^|\/)args$/.test(source.path);
}

/** Reads the options as given, and takes what Ansible and the flags ask for. */
async function readCall<T extends OptionTable>(
  module: Module<string, T>,
  commandLine: CommandLine,
  io: CallIo,
  call: Call,
): Promise<GivenOptions> {
  const source = commandLine.source ?? { from: 'stdin' };
  // What its arguments say, if they can be read, decides.
  call.controls = { ...call.controls, isFromAnsible: isAnsibleArgsFile(source) };
  const options = await readInput(source, {
    ...io,
    refusesEmpty: module.refusesEmptyInput ?? false,
  });
  const { problems, ...controls } = extractAnsibleKeys(options, commandLine);
  call.controls = controls;
  return { options, problems };
}

/** A call's options as given, and what is wrong with Ansible's keys among them. */
interface GivenOptions {
  readonly options: ReadonlyMap<string, unknown>;
  readonly problems: readonly Problem[];
}

/**
 * Reads the options' values. References to facts are found at a first reading and replaced at a second
 * one, so that facts are read only when everything else in the options is right.
 */
async function readCallOptions<T extends OptionTable>(
  module: Module<string, T>,
  { options, problems }: GivenOptions,
  call: Call,
  signal: AbortSignal,
  report: RunReport,
): Promise<OptionValues<T>> {
  const asksForFacts = coerceBoolean(options.get('expand_facts')) === true;
  const references = asksForFacts ? await module.loadReferences?.() : undefined;
  const first = await readOptions(module.name, module.options, options, references);
  const { names } = first.readable;
  if (names instanceof NameLookup) call.names = names;
  // As they were written. Which names are used is known only after a second reading.
  call.args = () => moduleArgs(module.options, first.readable);
  const values = requireValid(module, first, problems);
  if (references === undefined) return values;
  const expansion = await references.resolve(signal, (facts) => report.setFacts(facts));
  const table = expandableOptions(module.options);
  const second = await readValues(table, { names: call.names, given: options, expansion });
  return requireValid(module, {
    problems: second.problems,
    readable: { ...first.readable, ...second.readable },
    ...(second.values && { values: { ...values, ...second.values } }),
  });
}

function expandableOptions(table: OptionTable): OptionTable {
  return Object.fromEntries(Object.entries(table).filter(([, option]) => option.isExpandable));
}

/** @throws InvalidArguments with everything that is wrong with the options */
function requireValid<T extends OptionTable>(
  module: Module<string, T>,
  { problems, readable, values }: ParsedOptions<T>,
  more: readonly Problem[] = [],
): OptionValues<T> {
  const all = [...more, ...problems, ...(module.rules?.(readable) ?? [])];
  if (all.length > 0 || values === undefined) throw new InvalidArguments(all);
  return values;
}
