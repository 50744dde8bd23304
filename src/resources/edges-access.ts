import { readAssociations, writeAssociation } from '../api/associations.ts';
import { type AssociationType, type EdgeChange, NO_SUDO, type Written } from '../api/graph.ts';
import { readMemberships, writeMembership } from '../api/memberships.ts';
import type { Session } from '../transport/session.ts';
import type { Edges } from './plan-edges.ts';

/** How one kind of this host's edges is read and written, and what to call it. */
export interface EdgesAccess {
  /** As in "the list of …". */
  readonly name: string;
  readonly read: (session: Session) => Promise<Edges>;
  readonly write: (session: Session, change: EdgeChange) => Promise<Written>;
}

/** The system groups this host is in; such an edge carries no sudo. */
export const memberships: EdgesAccess = {
  name: 'system groups',
  read: async (session) => new Map((await readMemberships(session)).map((id) => [id, NO_SUDO])),
  write: writeMembership,
};

/** This host's direct associations of one type. */
export function associations(type: AssociationType): EdgesAccess {
  return {
    name: `${type} associations`,
    read: (session) => readAssociations(session, type),
    write: (session, change) => writeAssociation(session, type, change),
  };
}
