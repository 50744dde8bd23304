import { execa } from 'execa';
import {
  HOST_MODULES as hostModules,
  type ModuleName,
  MODULES as modules,
} from '../../src/modules.ts';
import type { Answer } from './answer.ts';

/** The names of all modules, and of those that speak for a host. */
export const MODULES = modules.map(({ name }) => name);
export const HOST_MODULES = hostModules.map(({ name }) => name);
export type { Answer, ModuleName };

/** What came of running an executable. */
export interface Ran {
  readonly answer: Answer;
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

/** How an executable is called, beyond its options. */
export interface CallOptions {
  readonly flags?: readonly string[];
  readonly env?: Record<string, string>;
  readonly uid?: number;
  readonly signal?: AbortSignal;
  /** Words before the executable: a command that runs it. */
  readonly through?: readonly string[];
}

/** Where the build puts an executable. */
export function executablePath(module: ModuleName): string {
  return new URL(`../../dist/modules/${module}`, import.meta.url).pathname;
}

/** Runs a built executable with a word (or none) and input as given. */
export async function runRaw(
  module: ModuleName,
  words: readonly string[],
  input: string | undefined,
  call: CallOptions = {},
): Promise<Ran> {
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
): Promise<Ran> {
  return runRaw(module, [JSON.stringify(options)], undefined, call);
}

/** What check mode answers where a run would answer so. */
export function predictionOf(answer: Answer): Answer {
  const msg = answer.msg
    .replace(/^Changed /, 'Would change ')
    .replace(/^Removed /, 'Would remove ')
    .replace(/(^| )Purged /, '$1Would purge ');
  return { ...answer, msg };
}
