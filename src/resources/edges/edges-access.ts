import { readAssociations, writeAssociation } from '../../api/associations.ts';
import { type EdgeChange, NO_SUDO, type WriteOutcome } from '../../api/graph.ts';
import { readMemberships, writeMembership } from '../../api/memberships.ts';
import type { AssociationType } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from './plan-edges.ts';

/** Reads and writes this host's edges of one kind, and names them in messages. */
export interface EdgesAccess {
  /** The type of the object at the other end. */
  readonly type: 'system_group' | AssociationType;
  /** As in "the list of …". */
  readonly name: string;
  readonly read: () => Promise<Edges>;
  readonly write: (change: EdgeChange) => Promise<WriteOutcome>;
}

/** Returns the access to this host's system groups. A membership grants no sudo. */
export function memberships(session: HostSession): EdgesAccess {
  return {
    type: 'system_group',
    name: 'system groups',
    read: async () => new Map((await readMemberships(session)).map((id) => [id, NO_SUDO])),
    write: (change) => writeMembership(session, change),
  };
}

/** Returns the access to this host's direct associations of one type. */
export function associations(session: HostSession, type: AssociationType): EdgesAccess {
  return {
    type,
    name: `${type} associations`,
    read: () => readAssociations(session, type),
    write: (change) => writeAssociation(session, type, change),
  };
}
