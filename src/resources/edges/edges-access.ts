import { readAssociations, writeAssociation } from '../../api/associations.ts';
import { type EdgeChange, NO_SUDO, type WriteOutcome } from '../../api/graph.ts';
import { readMemberships, writeMembership } from '../../api/memberships.ts';
import type { AssociationType } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from './plan-edges.ts';

/** How one kind of this host's edges is read and written, and what to call it. */
export interface EdgesAccess {
  /** The type of what is at the other end. */
  readonly type: 'system_group' | AssociationType;
  /** As in "the list of …". */
  readonly name: string;
  readonly read: () => Promise<Edges>;
  readonly write: (change: EdgeChange) => Promise<WriteOutcome>;
}

/** The system groups this host is in; such an edge carries no sudo. */
export function memberships(session: HostSession): EdgesAccess {
  return {
    type: 'system_group',
    name: 'system groups',
    read: async () => new Map((await readMemberships(session)).map((id) => [id, NO_SUDO])),
    write: (change) => writeMembership(session, change),
  };
}

/** This host's direct associations of one type. */
export function associations(session: HostSession, type: AssociationType): EdgesAccess {
  return {
    type,
    name: `${type} associations`,
    read: () => readAssociations(session, type),
    write: (change) => writeAssociation(session, type, change),
  };
}
