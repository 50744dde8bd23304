import { isDeepStrictEqual } from 'node:util';
import { errorAnswer } from './error-answer.ts';
import { traverseUsers } from './graph-paths.ts';
import { page, sorted } from './paging.ts';
import type { Store } from './store.ts';
import {
  ASSOCIATION_TYPES,
  type AssociationType,
  type Description,
  type EdgeAttributes,
  type HttpAnswer,
  type SystemRecord,
} from './types.ts';

const NOT_FOUND: HttpAnswer = { status: 404, body: { message: 'Not Found' } };
const ALREADY_EXISTS: HttpAnswer = { status: 409, body: { message: 'Already Exists' } };
const NO_CONTENT: HttpAnswer = { status: 204 };
const bad = (message: string): HttpAnswer => ({ status: 400, body: { message } });

/** Carries out a system's request. The caller has verified that `systemId` signed it. */
export function answerSystem(
  store: Store,
  systemId: string,
  method: string,
  url: URL,
  body: unknown,
): HttpAnswer {
  const { pathname, searchParams } = url;
  const own = `/api/v2/systems/${systemId}`;
  const group = /^\/api\/v2\/systemgroups\/([0-9a-f]{24})\/members$/.exec(pathname)?.[1];
  switch (`${method} ${group === undefined ? pathname : 'members'}`) {
    case `GET /api/systems/${systemId}`:
      return { status: 200, body: recordBody(store, systemId) };
    case `PUT /api/systems/${systemId}`:
      return put(store, systemId, body);
    case `DELETE /api/systems/${systemId}`: {
      const record = recordBody(store, systemId);
      store.removeSystem(systemId);
      return { status: 200, body: record };
    }
    case `GET ${own}/memberof`:
      return memberOf(store, systemId, searchParams);
    case `GET ${own}/users`:
      return page(store, { type: 'user', entries: traverseUsers(store, systemId) }, searchParams);
    case `GET ${own}/associations`:
      return listAssociations(store, systemId, searchParams);
    case `POST ${own}/associations`:
      return associate(store, systemId, body);
    case 'POST members':
      return group === undefined ? NOT_FOUND : changeMembership(store, systemId, group, body);
    default:
      return errorAnswer(pathname, 401);
  }
}

function recordBody(store: Store, systemId: string): unknown {
  const { primarySystemUser, ...record } = store.record(systemId);
  return store.flatPrimaryUser
    ? { ...record, 'primarySystemUser.id': primarySystemUser.id }
    : { ...record, primarySystemUser };
}

const WRITABLE: Readonly<Record<string, (value: unknown) => boolean>> = {
  displayName: (value) => typeof value === 'string',
  description: (value) => typeof value === 'string',
  allowSshRootLogin: (value) => typeof value === 'boolean',
  allowSshPasswordAuthentication: (value) => typeof value === 'boolean',
  allowPublicKeyAuthentication: (value) => typeof value === 'boolean',
  allowMultiFactorAuthentication: (value) => typeof value === 'boolean',
  'primarySystemUser.id': (value) => value === null || /^[0-9a-f]{24}$/.test(String(value)),
  systemInsights: (value) => ['enabled', 'deferred'].includes(Object(value).state),
};

/**
 * Returns whether a value is accepted as an attribute. JumpCloud documents attributes with a name
 * and a value. An attribute with other keys, or without a value, is accepted only if the record
 * already has it in this form.
 */
function isAttribute(given: unknown, current: readonly object[]): boolean {
  const { name, value, ...rest } = Object(given);
  if (current.some((one) => isDeepStrictEqual(one, given))) return true;
  const known = current.find((one) => Object(one).name === name);
  const { name: _, value: __, ...kept } = Object(known);
  return (
    typeof name === 'string' &&
    typeof value === 'string' &&
    [...value].length <= 1024 &&
    (Object.keys(rest).length === 0 || isDeepStrictEqual(rest, kept))
  );
}

function put(store: Store, systemId: string, body: unknown): HttpAnswer {
  if (Object(body) !== body || Array.isArray(body)) return bad('a JSON object is required');
  const given = Object.entries(Object(body));
  const record: SystemRecord = store.record(systemId);
  const isAccepted = (field: string, value: unknown) =>
    field === 'attributes'
      ? Array.isArray(value) && value.every((one) => isAttribute(one, record.attributes ?? []))
      : Object.hasOwn(WRITABLE, field) && WRITABLE[field]?.(value);
  const invalid = given.find(([field, value]) => !isAccepted(field, value));
  if (invalid !== undefined) return bad(`invalid ${invalid[0]}`);
  const { 'primarySystemUser.id': user, ...fields } = Object(body);
  Object.assign(record, structuredClone(fields));
  if (user !== undefined) record.primarySystemUser = { id: user };
  return { status: 200, body: recordBody(store, systemId) };
}

function memberOf(store: Store, systemId: string, query: URLSearchParams): HttpAnswer {
  const type = 'system_group';
  const groups = store.groupsOf(systemId).map((id) => ({
    type,
    id,
    paths: [[{ to: { type, id } }]],
    compiledAttributes: null,
  }));
  return page(store, { type, entries: sorted(groups, query.get('sort')) }, query);
}

function listAssociations(store: Store, systemId: string, query: URLSearchParams): HttpAnswer {
  const targets = query.get('targets');
  if (!isAssociationType(targets)) return bad('targets is required and must be an object type');
  const edges = store.edgesOf(systemId, targets).map(([id, attributes]) => ({
    to: { type: targets, id },
    attributes: attributes ?? null,
  }));
  return page(store, { type: targets, entries: edges }, query);
}

function changeMembership(
  store: Store,
  systemId: string,
  group: string,
  body: unknown,
): HttpAnswer {
  const { op, type, id } = Object(body);
  const members = store.groups.get(group);
  if (type !== 'system' || id !== systemId) return bad('a system may only add or remove itself');
  if (op !== 'add' && op !== 'remove') return bad('op must be add or remove');
  if (members === undefined || !store.exists('system_group', group)) return NOT_FOUND;
  const { membershipMethod, refusal } = store.descriptionOf('system_group', group);
  if (membershipMethod.startsWith('DYNAMIC_')) return dynamicAnswer(refusal);
  if (op === 'add') {
    if (members.has(systemId)) return ALREADY_EXISTS;
    members.add(systemId);
    return NO_CONTENT;
  }
  return members.delete(systemId) ? NO_CONTENT : NOT_FOUND;
}

/**
 * Returns the answer when a system joins or leaves a dynamic group. JumpCloud does not document it,
 * so each dynamic group sets its own status.
 */
function dynamicAnswer(refusal: Description['refusal']): HttpAnswer {
  if (refusal === 204) return NO_CONTENT;
  if (refusal === 403) return { status: 403, body: { message: 'Forbidden' } };
  return bad('members of a dynamic group cannot be added or removed');
}

function associate(store: Store, systemId: string, body: unknown): HttpAnswer {
  const { op, type, id, attributes } = Object(body);
  if (!isAssociationType(type) || !/^[0-9a-f]{24}$/.test(String(id)))
    return bad('invalid type or id');
  if (!areEdgeAttributes(type, attributes)) return bad('invalid attributes');
  if (!store.exists(type, id)) return NOT_FOUND;
  const present = store.hasEdge(systemId, type, id);
  switch (op) {
    case 'add':
      if (present) return ALREADY_EXISTS;
      store.associate(systemId, type, id, attributes ?? undefined);
      return NO_CONTENT;
    case 'update':
      if (!present) return NOT_FOUND;
      store.associate(systemId, type, id, attributes ?? undefined);
      return NO_CONTENT;
    case 'remove':
      if (!present) return NOT_FOUND;
      store.dissociate(systemId, type, id);
      return NO_CONTENT;
    default:
      return bad('op must be add, remove or update');
  }
}

function isAssociationType(value: unknown): value is AssociationType {
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
