import { execa } from 'execa';
import { HOST_MODULES, MODULES, type ModuleName } from '../../src/modules.ts';
import type { Answer } from './answer.ts';

export const MODULE_NAMES = MODULES.map(({ name }) => name);
/** The names of the modules that act as a host and sign requests with the key of its agent. */
export const HOST_MODULE_NAMES = HOST_MODULES.map(({ name }) => name);
/**
 * The host modules except jumpcloud_doctor. Unlike them, jumpcloud_doctor opens a connection even
 * if the host is not enrolled, and its `msg` only counts the results of its checks.
 */
export const NON_DOCTOR_MODULE_NAMES = HOST_MODULE_NAMES.filter(
  (name) => name !== 'jumpcloud_doctor',
);
export type { Answer, ModuleName };

/** The outcome of running an executable. */
export interface RunResult {
  readonly answer: Answer;
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

/** Settings for calling an executable, apart from its options. */
export interface CallOptions {
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
  readonly uid?: number;
  readonly signal?: AbortSignal;
  /** The words of a command that runs the executable, such as `unshare --net`. */
  readonly through?: readonly string[];
}

/** Returns the path of a built executable. */
export function executablePath(module: ModuleName): string {
  return new URL(`../../dist/modules/${module}`, import.meta.url).pathname;
}

/** Runs a built executable with the given arguments and standard input. */
export async function runRaw(
  module: ModuleName,
  words: readonly string[],
  input: string | undefined,
  call: CallOptions = {},
): Promise<RunResult> {
  const [file = '', ...before] = [...(call.through ?? []), executablePath(module)];
  const { stdout, stderr, exitCode } = await execa(
    file,
    [...before, ...words, ...(call.flags ?? [])],
    {
      ...(input === undefined ? { stdin: 'ignore' } : { input }),
      reject: false,
      stripFinalNewline: false,
      ...(call.env && { env: call.env }),
      ...(call.uid !== undefined && { uid: call.uid, gid: call.uid }),
      ...(call.signal && { cancelSignal: call.signal }),
    },
  );
  const lines = stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '') {
    throw new Error(`expected one line on stdout, got: ${stdout}\nstderr: ${stderr}`);
  }
  return { answer: JSON.parse(lines[0] ?? '') as Answer, stdout, stderr, exitCode };
}

/** Runs a built executable with its options as JSON text. */
export function runModule(
  module: ModuleName,
  options: Record<string, unknown>,
  call: CallOptions = {},
): Promise<RunResult> {
  return runRaw(module, [JSON.stringify(options)], undefined, call);
}

/** Converts the answer of a run to the answer of the same call in check mode. */
export function predictionOf(answer: Answer): Answer {
  const msg = answer.msg
    .replace(/^Changed /, 'Would change ')
    .replace(/^Removed /, 'Would remove ')
    .replace(/(^| )Purged /, '$1Would purge ');
  return { ...answer, msg };
}
