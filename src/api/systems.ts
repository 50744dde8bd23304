import * as z from 'zod/mini';
import type { ModuleError, NotFound, Unauthorized } from '../base/errors.ts';
import type { HostSession } from '../transport/host-session.ts';
import type { Reply, Request } from '../transport/request.ts';
import { isGoneStatus, isJumpCloudError } from './gone-status.ts';
import { objectId, objectIdOrNone, parseAnswer, unexpectedResponse } from './parse-answer.ts';
import { refusalError } from './refusal-error.ts';

// Null is taken for what is not there.
const boolean = z.optional(z.nullable(z.boolean()));
const text = z.optional(z.nullable(z.string()));
// No primary user has been seen as null and as missing; empty text is read alike.
const userId = z.optional(z.nullable(objectIdOrNone));
const id = z.optional(objectId);

/** Whose record it is; nothing else has to be understood to see that there is one. */
const anyRecord = z.looseObject({ _id: id, id });

const attribute = z.looseObject({ name: z.string(), value: text });

/** What is read of a system's record; everything else in it is passed on as it came. */
const systemRecord = z.looseObject({
  _id: id,
  id,
  displayName: text,
  description: text,
  allowSshRootLogin: boolean,
  allowSshPasswordAuthentication: boolean,
  allowPublicKeyAuthentication: boolean,
  allowMultiFactorAuthentication: boolean,
  attributes: z.optional(z.nullable(z.array(attribute))),
  // Both spellings have been seen in answers.
  primarySystemUser: z.optional(z.nullable(z.looseObject({ id: userId }))),
  'primarySystemUser.id': userId,
  systemInsights: z.optional(z.nullable(z.looseObject({ state: text }))),
  created: text,
  agentVersion: text,
  provisionMetadata: z.optional(
    z.nullable(
      z.looseObject({ provisioner: z.optional(z.nullable(z.looseObject({ type: text }))) }),
    ),
  ),
});

/** A system's record as JumpCloud gives it. */
export type SystemRecord = z.output<typeof systemRecord>;

/** A custom attribute of a system, with whatever else JumpCloud keeps in it. */
export type Attribute = Readonly<z.output<typeof attribute>>;

/** The fields of a record that may be written; what is not given stays. */
export interface SystemChanges {
  displayName?: string;
  description?: string;
  allowSshRootLogin?: boolean;
  allowSshPasswordAuthentication?: boolean;
  allowPublicKeyAuthentication?: boolean;
  allowMultiFactorAuthentication?: boolean;
  /** Replaces the whole list. */
  attributes?: readonly Attribute[];
  'primarySystemUser.id'?: string | null;
  systemInsights?: { readonly state: string };
}

/** Reads this host's own record. */
export async function readSystem(session: HostSession): Promise<SystemRecord> {
  const request = readRequest(session);
  return readRecord(session, request, await session.send(request), systemRecord);
}

/** What reading this host's record shows. */
export type RecordPresence = { readonly isThere: true } | RecordAbsence;

/** An answer that JumpCloud gives for a record which is not there, among other reasons. */
export interface RecordAbsence {
  readonly isThere: false;
  readonly error: Unauthorized | NotFound;
  /** False for a 401 without a time to compare the clock with: the clock may be its reason. */
  readonly isTimed: boolean;
}

/**
 * Looks whether this host has a record, whatever is in it.
 * @throws UnexpectedResponse for a 401 or 404 that is not of JumpCloud's form
 */
export async function checkPresence(session: HostSession): Promise<RecordPresence> {
  const request = readRequest(session);
  const reply = await session.send(request);
  if (isDenied(reply)) {
    const error = refusalError(session, request, reply) as RecordAbsence['error'];
    const isTimed = reply.status === 404 || Date.parse(reply.headers['date'] ?? '') > 0;
    return { isThere: false, error, isTimed };
  }
  readRecord(session, request, reply, anyRecord);
  return { isThere: true };
}

/** Writes fields of this host's own record; resolves to the record as it is then. */
export async function updateSystem(
  session: HostSession,
  changes: SystemChanges,
): Promise<SystemRecord> {
  const request: Request = {
    method: 'PUT',
    path: systemPath(session),
    body: changes,
    purpose: `change the record of system ${session.identity.systemId}`,
  };
  return readRecord(session, request, await session.send(request), systemRecord);
}

/**
 * What JumpCloud made of a DELETE: answered 2xx; may have carried it out, because the answer to an
 * attempt was lost, and answers 401 or 404 now; answered so to every attempt; or refused it otherwise.
 */
export type DeleteOutcome =
  | { readonly outcome: 'answered' | 'lost' | 'denied' }
  | { readonly outcome: 'refused'; readonly error: ModuleError };

/**
 * Deletes this host's own record, which JumpCloud was seen to have; a connected agent then
 * uninstalls itself. Rejects when no answer says whether it was done.
 */
export async function deleteSystem(session: HostSession): Promise<DeleteOutcome> {
  const request: Request = {
    method: 'DELETE',
    path: systemPath(session),
    purpose: `delete the record of system ${session.identity.systemId}`,
  };
  const reply = await session.send(request);
  if (reply.status >= 200 && reply.status < 300) return { outcome: 'answered' };
  if (isDenied(reply)) return { outcome: reply.inDoubt ? 'lost' : 'denied' };
  const error = refusalError(session, request, reply);
  if (reply.inDoubt || reply.status >= 500) throw error;
  return { outcome: 'refused', error };
}

/** Whether JumpCloud answers as for a record that is not there, or for a host it does not accept. */
function isDenied(reply: Reply): boolean {
  return isGoneStatus(reply.status) && isJumpCloudError(reply);
}

function readRequest(session: HostSession): Request {
  return {
    method: 'GET',
    path: systemPath(session),
    purpose: `read the record of system ${session.identity.systemId}`,
  };
}

function readRecord<T extends z.ZodMiniType<z.output<typeof anyRecord>>>(
  session: HostSession,
  request: Request,
  reply: Reply,
  shape: T,
): z.output<T> {
  const record = parseAnswer(session, request, reply, shape);
  const ids = [record._id, record.id].filter((id) => id !== undefined);
  const foreign = ids.find((id) => id !== session.identity.systemId);
  if (ids.length === 0 || foreign !== undefined) {
    throw unexpectedResponse(session, request, `it is the record of ${foreign ?? 'no system'}`);
  }
  const { type } = Object(Object(record['provisionMetadata']).provisioner);
  session.authentication.setEnrolment(typeof type === 'string' ? type : undefined);
  return record;
}

function systemPath(session: HostSession): string {
  return `/api/systems/${session.identity.systemId}`;
}
