import * as z from 'zod/mini';
import { UnexpectedResponse } from '../errors.ts';
import type { Reply, Request, Session } from '../transport/session.ts';
import { refusal } from './refusal.ts';

/** A JumpCloud object id, lower case. */
export const objectId = z.pipe(
  z.string().check(z.regex(/^[0-9a-f]{24}$/i)),
  z.transform((id: string) => id.toLowerCase()),
);

/**
 * The JSON of a successful answer, in the shape it has to have.
 * @throws the refusal's error for any status but 200
 * @throws UnexpectedResponse when it is not JSON or not of that shape
 */
export function answer<T extends z.ZodMiniType>(
  session: Session,
  request: Request,
  reply: Reply,
  shape: T,
): z.output<T> {
  if (reply.status !== 200) throw refusal(session, request, reply);
  let value: unknown;
  try {
    value = JSON.parse(reply.body);
  } catch {
    throw unexpected(session, request, `it is not JSON but ${describe(reply)}`);
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join('.') || 'the whole';
  throw unexpected(session, request, `${where} is not of the expected form (${issue?.message})`);
}

/** An answer that arrived well and still is not JumpCloud's. */
export function unexpected(session: Session, request: Request, what: string): UnexpectedResponse {
  return new UnexpectedResponse(
    `Could not ${request.purpose}: the answer of ${session.origin} is not what JumpCloud gives: ${what}. Check api_url, region and proxy.`,
  );
}

function describe(reply: Reply): string {
  const encoding = reply.headers['content-encoding'];
  const type = reply.headers['content-type'] ?? 'of no declared type';
  return encoding === undefined ? type : `${type}, encoded as ${encoding}`;
}
