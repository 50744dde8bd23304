import * as z from 'zod/mini';
import { failureText, UnexpectedResponse } from '../base/errors.ts';
import { notJumpCloudAdvice } from '../transport/errors/not-jumpcloud-advice.ts';
import { isWrite, type Reply, type Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { refusalError } from './refusal-error.ts';

/**
 * The maximum nesting of lists and mappings in an answer. JumpCloud's answers have at most ten
 * levels.
 */
const MAX_DEPTH = 50;

/** The schema of a JumpCloud object id. Converts the id to lower case. */
export const objectIdSchema = createIdSchema(/^[0-9a-f]{24}$/i);

/**
 * The schema of a JumpCloud object id or an empty text, which means no object. Converts the id to
 * lower case.
 */
export const objectIdOrNoneSchema = createIdSchema(/^([0-9a-f]{24})?$/i);

/**
 * Returns the schema of a list. Converts null to an empty list, because JumpCloud may send either.
 */
export function nullableListSchema<T extends z.ZodMiniType>(entry: T) {
  return z.pipe(
    z.nullable(z.array(entry)),
    z.transform((list) => list ?? []),
  );
}

/**
 * Parses the total number of entries that an answer states; undefined if the value is not a number.
 */
export function parseTotalCount(value: unknown): number | undefined {
  return /^\d{1,15}$/.test(String(value)) ? Number(value) : undefined;
}

function createIdSchema(form: RegExp) {
  return z.pipe(
    z.string(),
    z.transform((id, context) => {
      if (!form.test(id)) context.issues.push({ code: 'custom', input: id });
      return id.toLowerCase();
    }),
  );
}

/**
 * Parses the JSON body of a successful answer, and checks the value against a schema.
 * @throws the error of `refusalError` for any status but 200
 * @throws UnexpectedResponse when the body is not JSON or does not match the schema
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
  // Bytes that are not UTF-8 would be lost when the value is written back.
  if (!reply.isUtf8) throw unexpectedResponse(session, request, 'it is JSON that is not UTF-8');
  if (isDeeperThan(MAX_DEPTH, value)) {
    throw unexpectedResponse(session, request, `it is nested more than ${MAX_DEPTH} levels deep`);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path ?? [];
  const invalidValue = path.reduce((inner, key) => Object(inner)[key], value);
  const location = path.join('.') || 'the whole answer';
  throw unexpectedResponse(
    session,
    request,
    `${location} does not have the expected form: ${describeKind(invalidValue)}`,
  );
}

/** Returns the error for a complete answer that does not follow JumpCloud's API. */
export function unexpectedResponse(
  session: Session,
  request: Request,
  reason: string,
): UnexpectedResponse {
  return new UnexpectedResponse(
    failureText(
      request.purpose,
      `the answer from ${session.origin} is not what JumpCloud sends: ${reason}`,
      notJumpCloudAdvice(session.authentication),
    ),
    { inDoubt: isWrite(request) },
  );
}

function describeBody(session: Session, { body, headers }: Reply): string {
  if (body.trim() === '') return 'empty';
  const readWord = (header: string) =>
    /^[\w.+/-]{1,60}/.exec(session.maskSecrets(headers[header] ?? ''))?.[0];
  const type = readWord('content-type') ?? 'text of no declared type';
  const encoding = readWord('content-encoding');
  const form = encoding === undefined ? type : `${type}, encoded as ${encoding}`;
  return /json/i.test(type) ? `not JSON, although declared as ${form}` : `not JSON but ${form}`;
}

/**
 * Returns whether a value has more than `levels` levels of nesting. Recurses through at most
 * `levels` levels.
 */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

function describeKind(value: unknown): string {
  if (value === undefined) return 'it is missing';
  if (value === null) return 'it is null';
  if (Array.isArray(value)) return 'it is a list';
  if (typeof value === 'object') return 'it is a mapping';
  return typeof value === 'string' ? 'it is text' : `it is ${value}`;
}
