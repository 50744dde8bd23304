import * as z from 'zod/mini';
import { type ModuleError, Rejected } from '../base/errors.ts';
import type { Reply, Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { canMeanGone, isJumpCloudError } from './gone-status.ts';
import { type Page, type PageRequest, readPages } from './pagination.ts';
import {
  nullableListSchema,
  objectIdSchema,
  parseAnswer,
  parseTotalCount,
  unexpectedResponse,
} from './parse-answer.ts';
import { refusalError } from './refusal-error.ts';

const anyValue = z.optional(z.unknown());

const recordSchema = z.object({
  _id: objectIdSchema,
  hostname: anyValue,
  displayName: anyValue,
  lastContact: anyValue,
  created: anyValue,
  active: anyValue,
  attributes: anyValue,
});

/** A system's record as an administrator reads it. Only the field `_id` is checked. */
export type AdminRecord = z.output<typeof recordSchema>;

const REQUESTED_FIELDS = 'hostname displayName lastContact created active attributes';

const listSchema = z.nullable(
  z.object({ results: nullableListSchema(recordSchema), totalCount: anyValue }),
);

/**
 * A value read from JumpCloud. `now` is JumpCloud's time of the read, in milliseconds since the
 * epoch.
 */
export interface DatedValue<T> {
  readonly value: T;
  readonly now: number;
}

/**
 * Reads the records of all systems of the organisation, without duplicates. `now` is the time of
 * the first answer.
 */
export async function readAllSystems(session: Session): Promise<DatedValue<AdminRecord[]>> {
  let now = Number.POSITIVE_INFINITY;
  const readPage = async (page: PageRequest): Promise<Page<AdminRecord>> => {
    const request: Request = {
      method: 'POST',
      path: '/api/search/systems',
      body: { fields: REQUESTED_FIELDS, sort: '_id', ...page },
      purpose: 'read the records of all systems',
      changesNothing: true,
    };
    const reply = await session.send(request);
    const answer = parseAnswer(session, request, reply, listSchema);
    now = Math.min(now, timeOfReply(session, request, reply));
    return { entries: answer?.results ?? [], total: parseTotalCount(answer?.totalCount) };
  };
  const value = await readPages({
    name: 'systems',
    readPage,
    keyOf: ({ _id }) => _id,
    onChange: 'step back',
  });
  return { value, now };
}

/**
 * Reads the record of one system; undefined if the record is gone. `what` names the record in error
 * messages.
 */
export async function readSystemById(
  session: Session,
  id: string,
  what: string,
): Promise<DatedValue<AdminRecord | undefined>> {
  const request: Request = {
    method: 'GET',
    path: `/api/systems/${id}`,
    purpose: `read ${what} again`,
  };
  const reply = await session.send(request);
  if (isGone(reply)) return { value: undefined, now: Number.NaN };
  const value = parseAnswer(session, request, reply, recordSchema);
  if (value._id !== id) {
    throw unexpectedResponse(session, request, `it is the record of system ${value._id}`);
  }
  return { value, now: timeOfReply(session, request, reply) };
}

/**
 * The outcome of a DELETE:
 * - `deleted`: 2xx, or 404 after an attempt whose answer was lost
 * - `gone`: 404, although no earlier attempt can have deleted the record
 * - `refused`: any other answer by which JumpCloud refuses to delete this record
 */
export type AdminDeleteOutcome =
  | { readonly outcome: 'deleted' | 'gone' }
  | {
      readonly outcome: 'refused';
      readonly status: number;
      readonly error: ModuleError;
      /** Whether an earlier attempt, whose answer was lost, may have deleted the record. */
      readonly inDoubt: boolean;
    };

/**
 * Returns whether an error is JumpCloud's refusal of one record. A refusal by a proxy concerns all
 * records; its error has a `cause`.
 */
export function isRecordRefusal(error: unknown): error is Rejected {
  return error instanceof Rejected && error.cause === undefined;
}

/**
 * Deletes the record of a system. Calls `beforeAttempt` before each attempt, and does not make the
 * attempt if that call rejects. If JumpCloud's refusal concerns only this record, returns it.
 * Throws errors that concern the whole run.
 */
export async function deleteSystemById(
  session: Session,
  id: string,
  what: string,
  beforeAttempt: NonNullable<Request['beforeAttempt']>,
): Promise<AdminDeleteOutcome> {
  const path = `/api/systems/${id}`;
  const request: Request = { method: 'DELETE', path, purpose: `delete ${what}`, beforeAttempt };
  const reply = await session.send(request);
  if (reply.status >= 200 && reply.status < 300) return { outcome: 'deleted' };
  if (isGone(reply)) return { outcome: reply.inDoubt ? 'deleted' : 'gone' };
  const error = refusalError(session, request, reply);
  if (!isRecordRefusal(error)) throw error;
  return { outcome: 'refused', status: reply.status, error, inDoubt: reply.inDoubt };
}

function isGone(reply: Reply): boolean {
  return reply.status === 404 && canMeanGone(reply.status) && isJumpCloudError(reply);
}

/** Returns the time in the Date header of an answer, in milliseconds since the epoch. */
function timeOfReply(session: Session, request: Request, reply: Reply): number {
  const time = session.clock.timeOf(reply);
  if (time !== undefined) return time;
  throw unexpectedResponse(
    session,
    request,
    'it has no usable Date header, which is needed to compute the age of records',
  );
}
