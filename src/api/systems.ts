import * as z from 'zod/mini';
import type { ModuleError, NotFound, Unauthorized } from '../base/errors.ts';
import type { HostSession } from '../transport/host-session.ts';
import type { Reply, Request } from '../transport/request.ts';
import { canMeanGone, isJumpCloudError, MISSING_RECORD_ADVICE } from './gone-status.ts';
import {
  objectIdOrNoneSchema,
  objectIdSchema,
  parseAnswer,
  unexpectedResponse,
} from './parse-answer.ts';
import { refusalError } from './refusal-error.ts';

// Null means the same as a missing field.
const optionalBoolean = z.optional(z.nullable(z.boolean()));
const optionalText = z.optional(z.nullable(z.string()));
// If a system has no primary user, JumpCloud sends null or omits the field. Empty text means the
// same.
const optionalUserId = z.optional(z.nullable(objectIdOrNoneSchema));
const optionalId = z.optional(objectIdSchema);

/** The schema of any record. Checks only the id, which is enough to see that the record exists. */
const anyRecordSchema = z.looseObject({ _id: optionalId, id: optionalId });

const attributeSchema = z.looseObject({ name: z.string(), value: optionalText });

/**
 * The schema of a system's record. Checks the fields that are read, and passes on all others
 * unchanged.
 */
const recordSchema = z.looseObject({
  _id: optionalId,
  id: optionalId,
  displayName: optionalText,
  description: optionalText,
  allowSshRootLogin: optionalBoolean,
  allowSshPasswordAuthentication: optionalBoolean,
  allowPublicKeyAuthentication: optionalBoolean,
  allowMultiFactorAuthentication: optionalBoolean,
  attributes: z.optional(z.nullable(z.array(attributeSchema))),
  // An answer has the primary user either in this mapping or in the key `primarySystemUser.id`.
  primarySystemUser: z.optional(z.nullable(z.looseObject({ id: optionalUserId }))),
  'primarySystemUser.id': optionalUserId,
  systemInsights: z.optional(z.nullable(z.looseObject({ state: optionalText }))),
  created: optionalText,
  agentVersion: optionalText,
  provisionMetadata: z.optional(
    z.nullable(
      z.looseObject({ provisioner: z.optional(z.nullable(z.looseObject({ type: optionalText }))) }),
    ),
  ),
});

/** A system's record as JumpCloud returns it. */
export type SystemRecord = z.output<typeof recordSchema>;

/** A custom attribute of a system, including further fields that JumpCloud stores in it. */
export type Attribute = Readonly<z.output<typeof attributeSchema>>;

/** The fields of a record that a write sets. Missing fields stay unchanged. */
export interface SystemChanges {
  displayName?: string;
  description?: string;
  allowSshRootLogin?: boolean;
  allowSshPasswordAuthentication?: boolean;
  allowPublicKeyAuthentication?: boolean;
  allowMultiFactorAuthentication?: boolean;
  /** The new list of custom attributes, which replaces the whole old list. */
  attributes?: readonly Attribute[];
  'primarySystemUser.id'?: string | null;
  systemInsights?: { readonly state: string };
}

/** Reads this host's own record. */
export async function readSystem(session: HostSession): Promise<SystemRecord> {
  const request = makeReadRequest(session);
  return parseRecord(session, request, await session.send(request), recordSchema);
}

/**
 * The result of a check for this host's record: the record exists, or JumpCloud answered 401 or
 * 404.
 */
export type RecordPresence = { readonly isThere: true } | MissingOrDenied;

/**
 * JumpCloud's 401 or 404 to a read of the record. A missing record is one of the possible causes.
 */
export interface MissingOrDenied {
  readonly isThere: false;
  readonly error: Unauthorized | NotFound;
  /**
   * True if the refusal cannot be due to a wrong clock. That holds for each 404, and for a 401 with
   * a usable Date header, because the session has already compared the clock with this header.
   */
  readonly isClockRuledOut: boolean;
}

/**
 * Checks whether this host has a record. Checks nothing in the record but its id.
 * @throws UnexpectedResponse for a 401 or 404 that is not in JumpCloud's form
 */
export async function checkPresence(session: HostSession): Promise<RecordPresence> {
  const request = makeReadRequest(session);
  const reply = await session.send(request);
  if (isMissingOrDenied(reply)) {
    const error = refusalError(session, request, reply) as MissingOrDenied['error'];
    const isTimed = reply.status === 404 || Date.parse(reply.headers['date'] ?? '') > 0;
    return { isThere: false, error, isClockRuledOut: isTimed };
  }
  parseRecord(session, request, reply, anyRecordSchema);
  return { isThere: true };
}

/** Writes fields of this host's own record. Returns the record after the write. */
export async function updateSystem(
  session: HostSession,
  changes: SystemChanges,
): Promise<SystemRecord> {
  const request: Request = {
    method: 'PUT',
    path: systemPath(session),
    body: changes,
    adviceFor404: MISSING_RECORD_ADVICE,
    purpose: `change the record of system ${session.identity.systemId}`,
  };
  return parseRecord(session, request, await session.send(request), recordSchema);
}

/**
 * The outcome of a DELETE:
 * - `answered`: 2xx
 * - `lost`: 401 or 404, but the answer to an earlier attempt was lost, and that attempt may have
 *   succeeded
 * - `denied`: 401 or 404, and no earlier attempt can have succeeded
 * - `refused`: any other refusal
 */
export type DeleteOutcome =
  | { readonly outcome: 'answered' | 'lost' | 'denied' }
  | { readonly outcome: 'refused'; readonly error: ModuleError };

/**
 * Deletes this host's own record, which the caller must have read before. A connected agent then
 * uninstalls itself. Rejects when no answer shows whether the record was deleted.
 */
export async function deleteSystem(session: HostSession): Promise<DeleteOutcome> {
  const request: Request = {
    method: 'DELETE',
    path: systemPath(session),
    purpose: `delete the record of system ${session.identity.systemId}`,
  };
  const reply = await session.send(request);
  if (reply.status >= 200 && reply.status < 300) return { outcome: 'answered' };
  if (isMissingOrDenied(reply)) return { outcome: reply.inDoubt ? 'lost' : 'denied' };
  const error = refusalError(session, request, reply);
  if (reply.inDoubt || reply.status >= 500) throw error;
  return { outcome: 'refused', error };
}

/**
 * Returns whether an answer means that the record is missing or that JumpCloud does not accept this
 * host.
 */
function isMissingOrDenied(reply: Reply): boolean {
  return canMeanGone(reply.status) && isJumpCloudError(reply);
}

function makeReadRequest(session: HostSession): Request {
  return {
    method: 'GET',
    path: systemPath(session),
    adviceFor404: MISSING_RECORD_ADVICE,
    purpose: `read the record of system ${session.identity.systemId}`,
  };
}

function parseRecord<T extends z.ZodMiniType<z.output<typeof anyRecordSchema>>>(
  session: HostSession,
  request: Request,
  reply: Reply,
  shape: T,
): z.output<T> {
  const record = parseAnswer(session, request, reply, shape);
  const ids = [record._id, record.id].filter((id) => id !== undefined);
  const foreignId = ids.find((id) => id !== session.identity.systemId);
  if (ids.length === 0 || foreignId !== undefined) {
    throw unexpectedResponse(
      session,
      request,
      foreignId === undefined ? 'it has no system id' : `it is the record of system ${foreignId}`,
    );
  }
  const { type } = Object(Object(record['provisionMetadata']).provisioner);
  session.authentication.setEnrolment(typeof type === 'string' ? type : undefined);
  return record;
}

function systemPath(session: HostSession): string {
  return `/api/systems/${session.identity.systemId}`;
}
