import * as z from 'zod/mini';
import type { AssociationType } from '../base/named-kinds.ts';
import type { HostSession } from '../transport/host-session.ts';
import {
  type EdgeChange,
  edgeAttributesSchema,
  graphObjectSchema,
  readGraphList,
  type Sudo,
  sudoOf,
  type WriteOutcome,
  writeEdge,
} from './graph.ts';

const edgeSchema = z.pipe(
  z.object({ to: graphObjectSchema, attributes: edgeAttributesSchema }),
  z.transform(({ to, attributes }) => ({ type: to.type, id: to.id, sudo: sudoOf(attributes) })),
);

/** Describes the list of this host's direct edges to objects of one type. */
export function describeAssociationList(type: AssociationType) {
  return {
    name: `${type} associations`,
    path: `associations?targets=${type}`,
    type,
    shape: edgeSchema,
  };
}

/**
 * Reads this host's direct edges to objects of one type. Returns a map from the id of each object
 * to the sudo that its edge grants.
 */
export async function readAssociations(
  session: HostSession,
  type: AssociationType,
): Promise<Map<string, Sudo>> {
  const edges = await readGraphList(session, describeAssociationList(type));
  return new Map(edges.map(({ id, sudo }) => [id, sudo]));
}

/** Adds, updates or removes one of this host's direct edges. */
export function writeAssociation(
  session: HostSession,
  type: AssociationType,
  change: EdgeChange,
): Promise<WriteOutcome> {
  const { op, id } = change;
  const sudo = op === 'remove' ? undefined : change.sudo;
  const attributes = sudo && {
    sudo: { enabled: sudo.sudo, withoutPassword: sudo.sudo_without_password },
  };
  return writeEdge(session, op, {
    path: `/api/v2/systems/${session.identity.systemId}/associations`,
    body: { op, type, id, ...(attributes && { attributes }) },
    purpose: `${op} the association with ${type.replace('_', ' ')} ${id}`,
  });
}
