import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { version } from '../../package.json';
import { Interrupted, InvalidArguments, type Problem } from '../errors.ts';
import type { OptionTable, OptionValues } from '../options/option.ts';
import { moduleArgs, readOptions } from '../options/read-options.ts';
import type { Outcome, Run } from '../run.ts';
import { type CommandLine, readCommandLine } from './command-line.ts';
import { type Controls, takeControls } from './controls.ts';
import { readInput } from './read-input.ts';
import { failed, type Result, serialize, succeeded } from './result.ts';
import { waitingOnStderr } from './waiting.ts';

/** One module: its name, its options, and what it does with them. */
export interface Module<T extends OptionTable> {
  readonly name: string;
  /** What `--help` prints. */
  readonly help: string;
  readonly options: T;
  /** What is wrong with options that are each fine for themselves. */
  readonly rules?: (values: OptionValues<T>) => Problem[];
  readonly run: (values: OptionValues<T>, run: Run) => Promise<Outcome>;
}

/** What a call turned out to ask for, as far as it could be read. */
interface Call {
  controls: Controls;
  detailedExitcode: boolean;
  /** The result's `invocation.module_args`. */
  args: Record<string, unknown> | undefined;
}

/**
 * Runs a module as a program: reads how it was called, runs it, prints exactly one JSON object
 * (or the text that was asked for) and exits. Here is the only place that catches everything.
 */
export function runModule<T extends OptionTable>(module: Module<T>): void {
  const interruption = new AbortController();
  const run: Omit<Run, 'check'> = {
    module: module.name,
    signal: interruption.signal,
    warnings: [],
    secrets: new Set(),
    systemId: undefined,
    soFar: {},
    api: undefined,
    waiting: waitingOnStderr(),
  };
  const call: Call = {
    controls: { check: true, diff: false, verbosity: 0 },
    detailedExitcode: false,
    args: undefined,
  };
  const answer = (result: Result) => {
    const whole = complete(result, run, call);
    const code = result.failed ? 1 : call.detailedExitcode && result.changed ? 2 : 0;
    print(serialize(whole, run.secrets, isatty(1)), code);
  };
  const fail = (error: unknown) => answer(failed(error, run.soFar, call.controls.verbosity));

  process.on('uncaughtException', fail);
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () =>
      interruption.abort(
        new Interrupted(
          `Interrupted by ${name}. What had been changed until then stands in this result; a change that was just being made may have been made too. Run again to finish.`,
        ),
      ),
    );
  }
  start(module, run, call).then((result) => {
    if (typeof result === 'string') print(result, 0);
    else answer(result);
  }, fail);
}

/** Gives the result, or the text that was asked for. */
async function start<T extends OptionTable>(
  module: Module<T>,
  run: Omit<Run, 'check'>,
  call: Call,
): Promise<Result | string> {
  const commandLine = readCommandLine(process.argv.slice(2));
  call.detailedExitcode = commandLine.detailedExitcode;
  if (commandLine.version) return `${module.name} ${version}\n`;
  if (commandLine.help || (commandLine.source === undefined && isatty(0))) return module.help;
  const values = await readCall(module, commandLine, run.signal, call);
  const outcome = await module.run(values, Object.assign(run, { check: call.controls.check }));
  return succeeded(outcome, call.controls.diff);
}

async function readCall<T extends OptionTable>(
  module: Module<T>,
  commandLine: CommandLine,
  signal: AbortSignal,
  call: Call,
): Promise<OptionValues<T>> {
  const given = await readInput(commandLine.source ?? { from: 'stdin' }, signal);
  const { problems, ...controls } = takeControls(given, commandLine);
  call.controls = controls;
  // An unknown option may be a secret under a mistyped name.
  const known = [...given].filter(([name]) => Object.hasOwn(module.options, name));
  call.args = moduleArgs(module.options, Object.fromEntries(known));
  const read = readOptions(module.name, module.options, given);
  if ('problems' in read) problems.push(...read.problems);
  if (read.values !== undefined) problems.push(...(module.rules?.(read.values) ?? []));
  if (problems.length > 0 || read.values === undefined) throw new InvalidArguments(problems);
  call.args = moduleArgs(module.options, read.values);
  return read.values;
}

/** Adds what every result has, whatever came of the run. */
function complete(result: Result, run: Omit<Run, 'check'>, call: Call): Result {
  return {
    ...result,
    ...(run.systemId !== undefined && { system_id: run.systemId }),
    warnings: run.warnings,
    ...(call.controls.verbosity >= 2 && run.api !== undefined && { api: run.api() }),
    ...(call.args !== undefined && { invocation: { module_args: call.args } }),
  };
}

/**
 * Whatever is still under way (a connection, standard input) ends with the process. Nobody has
 * the answer when it cannot be written, so that is a failure.
 */
function print(text: string, exitCode: number): void {
  const bytes = Buffer.from(text);
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(1, bytes, written);
    process.exit(exitCode);
  } catch (error) {
    // The other side of a pipe that does not block has not read yet. Only then is the stream worth
    // the time that it takes to open.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') process.exit(1);
    process.stdout.on('error', () => process.exit(1));
    process.stdout.write(bytes.subarray(written), (failure) =>
      process.exit(failure ? 1 : exitCode),
    );
  }
}
