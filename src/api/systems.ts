import * as z from 'zod/mini';
import type { Reply, Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { isJumpClouds, meansAbsence } from './absence.ts';
import { answer, objectId, objectIdOrNone, unexpected } from './answer.ts';
import { refusal } from './refusal.ts';

const attribute = z.object({ name: z.string(), value: z.string() });
const boolean = z.optional(z.boolean());
const text = z.optional(z.nullable(z.string()));
// No primary user has been seen as null and as missing; empty text is read alike.
const userId = z.optional(z.nullable(objectIdOrNone));

/** What is read of a system's record; everything else in it is passed on as it came. */
const systemRecord = z.looseObject({
  _id: z.optional(objectId),
  id: z.optional(objectId),
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

/** A custom attribute of a system. */
export type Attribute = z.output<typeof attribute>;

/** The fields of a record that may be written; what is not given stays. */
export interface SystemChanges {
  displayName?: string;
  description?: string;
  allowSshRootLogin?: boolean;
  allowSshPasswordAuthentication?: boolean;
  allowPublicKeyAuthentication?: boolean;
  allowMultiFactorAuthentication?: boolean;
  /** Replaces the whole list. */
  attributes?: Attribute[];
  'primarySystemUser.id'?: string | null;
}

/** Reads this host's own record. */
export async function readSystem(session: Session): Promise<SystemRecord> {
  const request = readRequest(session);
  return readRecord(session, request, await session.send(request));
}

/** Writes fields of this host's own record; resolves to the record as it is then. */
export async function updateSystem(
  session: Session,
  changes: SystemChanges,
): Promise<SystemRecord> {
  const request: Request = {
    method: 'PUT',
    path: pathOf(session),
    body: changes,
    purpose: `change the record of system ${session.identity.systemId}`,
  };
  return readRecord(session, request, await session.send(request));
}

/**
 * Whether this host's record is still there, for a host that JumpCloud has accepted before: then
 * 401 means the same as 404.
 * @throws UnexpectedResponse when such an answer is not JumpCloud's
 */
export async function systemExists(session: Session): Promise<boolean> {
  const request = readRequest(session);
  const reply = await session.send(request);
  if (isGone(reply)) return false;
  readRecord(session, request, reply);
  return true;
}

/**
 * Deletes this host's own record, which JumpCloud was seen to have; a connected agent then
 * uninstalls itself. False when the record was gone already.
 */
export async function deleteSystem(session: Session): Promise<boolean> {
  const request: Request = {
    method: 'DELETE',
    path: pathOf(session),
    purpose: `delete the record of system ${session.identity.systemId}`,
  };
  const reply = await session.send(request);
  if (reply.status >= 200 && reply.status < 300) return true;
  // The answer to an attempt before this one was lost, and the attempt had done it.
  if (isGone(reply) && reply.inDoubt) return true;
  if (isGone(reply) && reply.status === 404) return false;
  // Somebody else, or a run before this one that was cut off, may have deleted it since it was read.
  if (isGone(reply) && !(await systemExists(session))) return false;
  throw refusal(session, request, reply);
}

function isGone(reply: Reply): boolean {
  return meansAbsence(reply.status) && isJumpClouds(reply);
}

function readRequest(session: Session): Request {
  return {
    method: 'GET',
    path: pathOf(session),
    purpose: `read the record of system ${session.identity.systemId}`,
  };
}

function readRecord(session: Session, request: Request, reply: Reply): SystemRecord {
  const record = answer(session, request, reply, systemRecord);
  const ids = [record._id, record.id].filter((id) => id !== undefined);
  const foreign = ids.find((id) => id !== session.identity.systemId);
  if (ids.length === 0 || foreign !== undefined) {
    throw unexpected(session, request, `it is the record of ${foreign ?? 'no system'}`);
  }
  session.learnEnrolment(record.provisionMetadata?.provisioner?.type ?? undefined);
  return record;
}

function pathOf(session: Session): string {
  return `/api/systems/${session.identity.systemId}`;
}
