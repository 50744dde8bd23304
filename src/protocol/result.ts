import { Internal, LocalActionFailed, ModuleError } from '../base/errors.ts';
import { escapeHidden, toPrintable } from '../base/printable.ts';
import type { Outcome } from '../run.ts';
import { mapStrings } from './map-strings.ts';

/** The one JSON object that a module answers with. */
export type Result = Record<string, unknown> & { changed: boolean; failed?: true };

/** The result of a run that came to its end. */
export function succeeded({ changed, msg, diff, fields }: Outcome, withDiff: boolean): Result {
  return { changed, msg, ...fields, ...(withDiff && diff !== undefined && { diff }) };
}

/** The result of a run that failed, with what it had written before. */
export function failed(
  error: unknown,
  soFar: Readonly<Record<string, unknown>>,
  verbosity: number,
): Result {
  const known = error instanceof ModuleError ? error : internalError(error);
  const stack = known instanceof Internal && verbosity >= 3 ? { stack: stackOf(error) } : {};
  return {
    changed: false,
    ...soFar,
    failed: true,
    msg: known.message,
    error: { code: known.code, ...known.details, ...stack },
  };
}

/** V8 and WebAssembly say so in these words; where they do not, they end the process themselves. */
const OUT_OF_MEMORY = /out of memory|allocation failed/i;

function internalError(error: unknown): ModuleError {
  if (error instanceof RangeError && OUT_OF_MEMORY.test(error.message)) {
    const { version, allowedNodeEnvironmentFlags: flags } = process;
    // With this flag, which the header passes, Node.js reserves no more than it uses.
    if (/^WebAssembly/.test(error.message) && !flags.has('--disable-wasm-trap-handler')) {
      return new LocalActionFailed(
        `Node.js ${version} could not reserve 10 GB of address space for WebAssembly (${error.message}). Raise the limit on address space (ulimit -v) above 11 GB, or use Node.js 20.15, 22.8 or later.`,
        { cause: error },
      );
    }
    return new LocalActionFailed(
      `This host did not give the module the memory that it needs (${error.message}). Raise the limit that it runs under (ulimit -v, MemoryMax), or free memory.`,
      { cause: error },
    );
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Internal(
    `A bug in this module (${what}). Run again with -vvv, or "_ansible_verbosity": 3 by hand, and report what error.stack says.`,
    { cause: error },
  );
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}

/**
 * Returns the text of a result. In its sentences, which quote files, callers and servers, characters
 * that are not seen are shown; in its data they are escaped as JSON can.
 */
export function serialize(result: Result, isIndented: boolean): string {
  const plain = (value: unknown) => mapStrings(value, toPrintable);
  const { msg, warnings, error } = result;
  const { stack, ...failure } = Object(error);
  const readable = {
    ...result,
    msg: plain(msg),
    ...(warnings !== undefined && { warnings: plain(warnings) }),
    ...(error !== undefined && { error: { ...Object(plain(failure)), stack } }),
  };
  return `${escapeHidden(JSON.stringify(readable, undefined, isIndented ? 2 : undefined))}\n`;
}
