import { readAssociations, writeAssociation } from '../../api/associations.ts';
import { type EdgeChange, NO_SUDO, type WriteOutcome } from '../../api/graph.ts';
import { readMemberships, writeMembership } from '../../api/memberships.ts';
import type { AssociationType } from '../../base/named-kinds.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from './plan-edges.ts';

/** Reads and writes one list of this host's edges, and names the list in messages. */
export interface EdgesAccess {
  /** The type of the objects that the edges lead to. */
  readonly type: 'system_group' | AssociationType;
  /** The name of the list. In messages, it completes "the list of …". */
  readonly name: string;
  readonly read: () => Promise<Edges>;
  readonly write: (change: EdgeChange) => Promise<WriteOutcome>;
}

/** Returns the access to this host's memberships in system groups. A membership grants no sudo. */
export function membershipsAccess(session: HostSession): EdgesAccess {
  return {
    type: 'system_group',
    name: 'system groups',
    read: async () => new Map((await readMemberships(session)).map((id) => [id, NO_SUDO])),
    write: (change) => writeMembership(session, change),
  };
}

/** Returns the access to this host's direct edges to objects of one type. */
export function associationsAccess(session: HostSession, type: AssociationType): EdgesAccess {
  return {
    type,
    name: `${type} associations`,
    read: () => readAssociations(session, type),
    write: (change) => writeAssociation(session, type, change),
  };
}
