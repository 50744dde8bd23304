import { readAssociations, writeAssociation } from '../../api/associations.ts';
import { type EdgeChange, NO_SUDO, type WriteOutcome } from '../../api/graph.ts';
import { readMemberships, writeMembership } from '../../api/memberships.ts';
import type { AssociationType } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from './plan-edges.ts';

/**
 * The means to read and write this host's edges of one kind, and the names of the kind in messages.
 */
export interface EdgesAccess {
  /** The type of the objects at the other end of the edges. */
  readonly type: 'system_group' | AssociationType;
  /** The name of the list in messages, which completes "the list of …". */
  readonly name: string;
  readonly read: () => Promise<Edges>;
  readonly write: (change: EdgeChange) => Promise<WriteOutcome>;
}

/**
 * Returns the access to the edges from this host to its system groups. Memberships grant no sudo.
 */
export function memberships(session: HostSession): EdgesAccess {
  return {
    type: 'system_group',
    name: 'system groups',
    read: async () => new Map((await readMemberships(session)).map((id) => [id, NO_SUDO])),
    write: (change) => writeMembership(session, change),
  };
}

/** Returns the access to the direct edges from this host to objects of one type. */
export function associations(session: HostSession, type: AssociationType): EdgesAccess {
  return {
    type,
    name: `${type} associations`,
    read: () => readAssociations(session, type),
    write: (change) => writeAssociation(session, type, change),
  };
}
