import { Internal, LocalActionFailed, ModuleError } from '../base/errors.ts';
import { escapeInvisible, toPrintable } from '../base/printable.ts';
import type { Outcome } from '../run.ts';
import { mapStrings } from './map-strings.ts';

/** The one JSON object that a module prints. */
export type Result = Record<string, unknown> & { changed: boolean; failed?: true };

/** Returns the result of a successful run. */
export function successResult({ changed, msg, diff, fields }: Outcome, withDiff: boolean): Result {
  return { changed, msg, ...fields, ...(withDiff && diff !== undefined && { diff }) };
}

/**
 * Returns the result of a failed run. `progress` has the result fields of the work done before the
 * failure.
 */
export function failureResult(
  error: ModuleError,
  progress: Readonly<Record<string, unknown>>,
  verbosity: number,
): Result {
  const stack =
    error instanceof Internal && verbosity >= 3 ? { stack: stackOf(error.cause ?? error) } : {};
  return {
    changed: false,
    ...progress,
    failed: true,
    msg: error.message,
    error: { code: error.code, ...error.details, ...stack },
  };
}

/** Matches messages of V8 and WebAssembly about exhausted memory. */
const OUT_OF_MEMORY = /out of memory|allocation failed/i;

/** Converts any thrown value to the error that the result reports. */
export function toModuleError(error: unknown): ModuleError {
  if (error instanceof ModuleError) return error;
  if (error instanceof RangeError && OUT_OF_MEMORY.test(error.message)) {
    const { version, allowedNodeEnvironmentFlags: flags } = process;
    // Without this flag, Node.js reserves more memory than it uses. scripts/header.sh sets the flag
    // for every version of Node.js that supports it.
    if (/^WebAssembly/.test(error.message) && !flags.has('--disable-wasm-trap-handler')) {
      return new LocalActionFailed(
        [
          `Node.js ${version} could not reserve 10 GB of address space for WebAssembly (${error.message}).`,
          'Raise the limit on address space (ulimit -v) above 11 GB. Alternatively, update Node.js to 20.15 or a later 20.x, or to 22.8 or later.',
        ],
        { cause: error },
      );
    }
    return new LocalActionFailed(
      [
        `The module could not get the memory that it needs (${error.message}).`,
        'Raise its memory limit (ulimit -v, MemoryMax), or free memory on this host.',
      ],
      { cause: error },
    );
  }
  const errorText = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Internal(
    [
      `This is a bug in the module (${errorText}).`,
      'Run again with -vvv, or with "_ansible_verbosity": 3 outside Ansible, and report error.stack.',
    ],
    { cause: error },
  );
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}

/**
 * Serialises a result as JSON, with invisible characters escaped. Parsing the JSON restores them,
 * except in sentences such as `msg`: there they are escaped twice, so parsing leaves a visible
 * escape, such as `\u202e`.
 */
export function serialize(result: Result, isIndented: boolean): string {
  const plain = (value: unknown) => mapStrings(value, toPrintable);
  const { msg, warnings, error } = result;
  const { stack, ...failure } = Object(error);
  const printable = {
    ...result,
    msg: plain(msg),
    ...(warnings !== undefined && { warnings: plain(warnings) }),
    ...(error !== undefined && { error: { ...Object(plain(failure)), stack } }),
  };
  return `${escapeInvisible(JSON.stringify(printable, undefined, isIndented ? 2 : undefined))}\n`;
}
