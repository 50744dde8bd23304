import * as z from 'zod/mini';
import type { HostSession } from '../transport/host-session.ts';
import type { Reply, Request } from '../transport/request.ts';
import { isJumpClouds, meansAbsence } from './absence.ts';
import { answer, objectId, objectIdOrNone, unexpected } from './answer.ts';
import { refusal } from './refusal.ts';

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

/** Sees that this host has a record, whatever is in it. */
export async function requireSystemRecord(session: HostSession): Promise<void> {
  const request = readRequest(session);
  readRecord(session, request, await session.send(request), anyRecord);
}

/** Writes fields of this host's own record; resolves to the record as it is then. */
export async function updateSystem(
  session: HostSession,
  changes: SystemChanges,
): Promise<SystemRecord> {
  const request: Request = {
    method: 'PUT',
    path: pathOf(session),
    body: changes,
    purpose: `change the record of system ${session.identity.systemId}`,
  };
  return readRecord(session, request, await session.send(request), systemRecord);
}

/**
 * Whether this host's record is still there, for a host that JumpCloud has accepted before: then
 * 401 means the same as 404.
 * @throws UnexpectedResponse when such an answer is not JumpCloud's
 */
export async function systemExists(session: HostSession): Promise<boolean> {
  const request = readRequest(session);
  const reply = await session.send(request);
  if (isGone(reply)) return false;
  readRecord(session, request, reply, anyRecord);
  return true;
}

/**
 * Deletes this host's own record, which JumpCloud was seen to have; a connected agent then
 * uninstalls itself. False when the record was gone already.
 */
export async function deleteSystem(session: HostSession): Promise<boolean> {
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

function readRequest(session: HostSession): Request {
  return {
    method: 'GET',
    path: pathOf(session),
    purpose: `read the record of system ${session.identity.systemId}`,
  };
}

function readRecord<T extends z.ZodMiniType<z.output<typeof anyRecord>>>(
  session: HostSession,
  request: Request,
  reply: Reply,
  shape: T,
): z.output<T> {
  const record = answer(session, request, reply, shape);
  const ids = [record._id, record.id].filter((id) => id !== undefined);
  const foreign = ids.find((id) => id !== session.identity.systemId);
  if (ids.length === 0 || foreign !== undefined) {
    throw unexpected(session, request, `it is the record of ${foreign ?? 'no system'}`);
  }
  const { type } = Object(Object(record['provisionMetadata']).provisioner);
  session.authentication.learnEnrolment(typeof type === 'string' ? type : undefined);
  return record;
}

function pathOf(session: HostSession): string {
  return `/api/systems/${session.identity.systemId}`;
}
