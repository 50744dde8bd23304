import * as z from 'zod/mini';
import { failureMessage, UnexpectedResponse } from '../base/errors.ts';
import { NOT_JUMPCLOUD_ADVICE } from '../transport/errors/request-error.ts';
import { isWrite, type Reply, type Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { refusalError } from './refusal-error.ts';

/** Levels of lists and mappings; JumpCloud's answers have ten at most. */
const MAX_DEPTH = 50;

/** A JumpCloud object id, lower case. */
export const objectId = idOf(/^[0-9a-f]{24}$/i);

/** The same, or empty text for none. */
export const objectIdOrNone = idOf(/^([0-9a-f]{24})?$/i);

/** A list of JumpCloud's, in which null stands for an empty one. */
export function nullableList<T extends z.ZodMiniType>(entry: T) {
  return z.pipe(
    z.nullable(z.array(entry)),
    z.transform((list) => list ?? []),
  );
}

/** Returns the number of a list's entries that an answer gives, if it is one. */
export function totalCount(given: unknown): number | undefined {
  return /^\d{1,15}$/.test(String(given)) ? Number(given) : undefined;
}

function idOf(form: RegExp) {
  return z.pipe(
    z.string(),
    z.transform((id, context) => {
      if (!form.test(id)) context.issues.push({ code: 'custom', input: id });
      return id.toLowerCase();
    }),
  );
}

/**
 * The JSON of a successful answer, in the shape it has to have.
 * @throws the refusal's error for any status but 200
 * @throws UnexpectedResponse when it is not JSON or not of that shape
 */
export function parseAnswer<T extends z.ZodMiniType>(
  session: Session,
  request: Request,
  reply: Reply,
  shape: T,
): z.output<T> {
  if (reply.status !== 200) throw refusalError(session, request, reply);
  let value: unknown;
  try {
    value = JSON.parse(reply.body);
  } catch {
    throw unexpectedResponse(session, request, `it is ${describeBody(session, reply)}`);
  }
  // What is not read would be lost when it is written back.
  if (!reply.isUtf8) throw unexpectedResponse(session, request, 'it is JSON that is not UTF-8');
  if (isDeeperThan(MAX_DEPTH, value)) {
    throw unexpectedResponse(session, request, `it is nested more than ${MAX_DEPTH} levels deep`);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path ?? [];
  const found = path.reduce((inner, key) => Object(inner)[key], value);
  const where = path.join('.') || 'the whole';
  throw unexpectedResponse(
    session,
    request,
    `${where} is not of the expected form (${kindOf(found)})`,
  );
}

/** An answer that arrived well and still is not JumpCloud's. */
export function unexpectedResponse(
  session: Session,
  request: Request,
  what: string,
): UnexpectedResponse {
  return new UnexpectedResponse(
    failureMessage(
      request.purpose,
      `the answer of ${session.origin} is not what JumpCloud gives: ${what}`,
      NOT_JUMPCLOUD_ADVICE,
    ),
    { inDoubt: isWrite(request) },
  );
}

function describeBody(session: Session, { body, headers }: Reply): string {
  if (body.trim() === '') return 'empty';
  const word = (header: string) =>
    /^[\w.+/-]{1,60}/.exec(session.conceal(headers[header] ?? ''))?.[0];
  const type = word('content-type') ?? 'text of no declared type';
  const encoding = word('content-encoding');
  const form = encoding === undefined ? type : `${type}, encoded as ${encoding}`;
  return /json/i.test(type) ? `not JSON, although declared ${form}` : `not JSON but ${form}`;
}

/** Recurses at most so many levels, whatever it is given. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'it is missing';
  if (value === null) return 'it is null';
  if (Array.isArray(value)) return 'it is a list';
  if (typeof value === 'object') return 'it is a mapping';
  return typeof value === 'string' ? 'it is text' : `it is ${value}`;
}
