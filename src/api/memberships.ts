import type { HostSession } from '../transport/host-session.ts';
import {
  type EdgeChange,
  graphObjectSchema,
  readGraphList,
  type WriteOutcome,
  writeEdge,
} from './graph.ts';

/** Describes the list of this host's system groups. */
export const MEMBERSHIP_LIST = {
  name: 'system groups',
  path: 'memberof?sort=id',
  type: 'system_group',
  shape: graphObjectSchema,
};

/** Reads the ids of the system groups that this host is a member of. */
export async function readMemberships(session: HostSession): Promise<string[]> {
  const groups = await readGraphList(session, MEMBERSHIP_LIST);
  return groups.map(({ id }) => id);
}

/** Adds this host to a system group or removes it from one. */
export function writeMembership(session: HostSession, change: EdgeChange): Promise<WriteOutcome> {
  const { op, id } = change;
  return writeEdge(session, op, {
    path: `/api/v2/systemgroups/${id}/members`,
    body: { op, type: 'system', id: session.identity.systemId },
    purpose: `${op === 'add' ? 'join' : 'leave'} system group ${id}`,
  });
}
