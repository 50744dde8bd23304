import { errorAnswer } from './error-answer.ts';
import type { Store } from './store.ts';
import {
  ASSOCIATION_TYPES,
  type AssociationType,
  type EdgeAttributes,
  type HttpAnswer,
} from './types.ts';

const NOT_FOUND: HttpAnswer = { status: 404, body: { message: 'Not Found' } };
const NO_CONTENT: HttpAnswer = { status: 204 };
const badRequest = (message: string): HttpAnswer => ({ status: 400, body: { message } });

/** Adds a system to a group or removes it. */
export function changeMembership(
  store: Store,
  systemId: string,
  group: string,
  body: unknown,
): HttpAnswer {
  const { op, type, id } = Object(body);
  const members = store.groups.get(group);
  if (type !== 'system' || id !== systemId)
    return badRequest('a system may only add or remove itself');
  if (op !== 'add' && op !== 'remove') return badRequest('op must be add or remove');
  if (members === undefined || !store.exists('system_group', group)) return NOT_FOUND;
  const { membershipMethod, refusal } = store.descriptionOf('system_group', group);
  const { dynamic_join, dynamic_leave, repeated_add, repeated_remove } = store.behaviour;
  if (membershipMethod.startsWith('DYNAMIC_')) {
    const { status, effect } = op === 'add' ? dynamic_join : dynamic_leave;
    if (effect) members[op === 'add' ? 'add' : 'delete'](systemId);
    return dynamicGroupAnswer(refusal ?? status);
  }
  if (op === 'add') {
    if (members.has(systemId)) return repeatedWriteAnswer(repeated_add.membership);
    members.add(systemId);
    return NO_CONTENT;
  }
  return members.delete(systemId) ? NO_CONTENT : repeatedWriteAnswer(repeated_remove.membership);
}

/**
 * Returns the answer to a system that joins or leaves a dynamic group. JumpCloud does not document
 * this answer.
 */
function dynamicGroupAnswer(status: number): HttpAnswer {
  return status === 400
    ? badRequest('members of a dynamic group cannot be added or removed')
    : graphAnswer(status);
}

/** Returns the answer to a repeated write, which adds an existing edge or removes a missing one. */
function repeatedWriteAnswer(status: number): HttpAnswer {
  return status === 409 ? { status, body: { message: 'Already Exists' } } : graphAnswer(status);
}

/** Returns an answer of the v2 API with the usual body for its status. */
export function graphAnswer(status: number): HttpAnswer {
  return status === 204 ? NO_CONTENT : errorAnswer('/api/v2/', status);
}

/** Adds, updates or removes an edge of a system. */
export function associate(store: Store, systemId: string, body: unknown): HttpAnswer {
  const { op, type, id, attributes } = Object(body);
  if (!isAssociationType(type) || !/^[0-9a-f]{24}$/.test(String(id)))
    return badRequest('invalid type or id');
  if (!areEdgeAttributes(type, attributes)) return badRequest('invalid attributes');
  if (!store.exists(type, id)) return NOT_FOUND;
  const present = store.hasEdge(systemId, type, id);
  const { repeated_add, repeated_remove, edge_attributes } = store.behaviour;
  switch (op) {
    case 'add':
      if (present) return repeatedWriteAnswer(repeated_add.association);
      store.associate(systemId, type, id, attributes ?? undefined);
      return NO_CONTENT;
    case 'update':
      if (!present) return NOT_FOUND;
      if (edge_attributes.effect) store.associate(systemId, type, id, attributes ?? undefined);
      return graphAnswer(edge_attributes.status);
    case 'remove':
      if (!present) return repeatedWriteAnswer(repeated_remove.association);
      store.dissociate(systemId, type, id);
      return NO_CONTENT;
    default:
      return badRequest('op must be add, remove or update');
  }
}

/** Returns whether a value is an object type that a system can be associated with. */
export function isAssociationType(value: unknown): value is AssociationType {
  return ASSOCIATION_TYPES.some((type) => type === value);
}

function areEdgeAttributes(
  type: AssociationType,
  attributes: unknown,
): attributes is EdgeAttributes {
  if (attributes === undefined || attributes === null) return true;
  const { enabled, withoutPassword } = Object(Object(attributes).sudo);
  return (
    (type === 'user' || type === 'user_group') &&
    typeof enabled === 'boolean' &&
    typeof withoutPassword === 'boolean' &&
    (enabled || !withoutPassword)
  );
}
