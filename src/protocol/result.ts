import { Internal, ModuleError } from '../errors.ts';
import type { Outcome } from '../run.ts';

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
  const known = error instanceof ModuleError ? error : bug(error);
  const stack = known instanceof Internal && verbosity >= 3 ? { stack: stackOf(error) } : {};
  return {
    changed: false,
    ...soFar,
    failed: true,
    msg: known.message,
    error: { code: known.code, ...known.details, ...stack },
  };
}

function bug(error: unknown): Internal {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new Internal(
    `A bug in this module (${what}). Run again with -vvv, or "_ansible_verbosity": 3 by hand, and report what error.stack says.`,
    { cause: error },
  );
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? '') : '';
}

/** The text of a result. `pretty` is for people. */
export function serialize(result: Result, pretty: boolean): string {
  return `${JSON.stringify(result, undefined, pretty ? 2 : undefined)}\n`;
}
