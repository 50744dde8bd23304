import { isDeepStrictEqual } from 'node:util';
import {
  associate,
  changeMembership,
  graphAnswer,
  isAssociationType,
} from './answer-graph-write.ts';
import type { WriteBehaviour } from './behaviour.ts';
import { errorAnswer } from './error-answer.ts';
import { traverseUsers } from './graph-paths.ts';
import { pageAnswer, sortByFields } from './paging.ts';
import type { Store } from './store.ts';
import type { EdgeAttributes, HttpAnswer, SystemRecord } from './types.ts';

const NOT_FOUND: HttpAnswer = { status: 404, body: { message: 'Not Found' } };
const badRequest = (message: string): HttpAnswer => ({ status: 400, body: { message } });

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
      return writeRecord(store, systemId, body);
    case `DELETE /api/systems/${systemId}`: {
      const record = recordBody(store, systemId);
      const { visible_ms } = store.behaviour.deleted_record;
      if (visible_ms === 0) store.removeSystem(systemId);
      else setTimeout(() => store.removeSystem(systemId), visible_ms).unref();
      return { status: 200, body: record };
    }
    case `GET ${own}/memberof`:
      return listGroups(store, systemId, searchParams);
    case `GET ${own}/users`:
      return pageAnswer(
        store,
        { type: 'user', entries: traverseUsers(store, systemId) },
        searchParams,
        store.behaviour.deleted_in_users,
      );
    case `GET ${own}/associations`:
      return listAssociations(store, systemId, searchParams);
    case `POST ${own}/associations`:
      return associate(store, systemId, body);
    case 'POST members':
      return group === undefined ? NOT_FOUND : changeMembership(store, systemId, group, body);
    default:
      return answerFurtherRead(store, systemId, method, url);
  }
}

/** Answers three reads that only newer versions of JumpCloud's API documentation describe. */
function answerFurtherRead(store: Store, systemId: string, method: string, url: URL): HttpAnswer {
  const { pathname, searchParams } = url;
  const own = `GET /api/v2/systems/${systemId}`;
  const request = `${method} ${pathname}`;
  const { usergroups, policygroups, policy_memberof } = store.behaviour.further_reads;
  const listOf = (status: number, type: 'user_group' | 'policy_group', ids: readonly string[]) =>
    status === 200
      ? pageAnswer(store, { type, entries: ids.map((id) => ({ type, id })) }, searchParams)
      : graphAnswer(status);
  const bound = (type: 'user_group' | 'policy_group') =>
    store.edgesOf(systemId, type).map(([id]) => id);
  if (request === `${own}/usergroups`) return listOf(usergroups, 'user_group', bound('user_group'));
  if (request === `${own}/policygroups`)
    return listOf(policygroups, 'policy_group', bound('policy_group'));
  if (/^GET \/api\/v2\/policies\/[0-9a-f]{24}\/memberof$/.test(request))
    return listOf(policy_memberof, 'policy_group', []);
  return errorAnswer(pathname, 401);
}

function recordBody(store: Store, systemId: string): unknown {
  const { primarySystemUser, ...record } = store.record(systemId);
  const { form } = store.behaviour.primary_user;
  if (form === 'none') return record;
  return store.flatPrimaryUser || form === 'flat'
    ? { ...record, 'primarySystemUser.id': primarySystemUser.id }
    : { ...record, primarySystemUser };
}

const WRITABLE_FIELDS: Readonly<Record<string, (value: unknown) => boolean>> = {
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

function writeRecord(store: Store, systemId: string, body: unknown): HttpAnswer {
  if (Object(body) !== body || Array.isArray(body)) return badRequest('a JSON object is required');
  const given = Object.entries(Object(body));
  const record: SystemRecord = store.record(systemId);
  const isAccepted = (field: string, value: unknown) =>
    field === 'attributes'
      ? Array.isArray(value) && value.every((one) => isAttribute(one, record.attributes ?? []))
      : Object.hasOwn(WRITABLE_FIELDS, field) && WRITABLE_FIELDS[field]?.(value);
  const invalid = given.find(([field, value]) => !isAccepted(field, value));
  if (invalid !== undefined) return badRequest(`invalid ${invalid[0]}`);
  const written = given.map(([field, value]) => ({
    field,
    value,
    rule: writeBehaviourOf(store, field),
  }));
  const refused = written.find(({ rule }) => rule.status !== 200);
  for (const { field, value } of written.filter(({ rule }) => rule.effect)) {
    if (field === 'primarySystemUser.id') record.primarySystemUser = { id: value as string | null };
    else record[field] = structuredClone(value);
  }
  if (refused !== undefined) return errorAnswer('/api/systems', refused.rule.status);
  return { status: 200, body: recordBody(store, systemId) };
}

/** Returns how a write to a field of the record is answered, and whether it takes effect. */
function writeBehaviourOf({ behaviour }: Store, field: string): WriteBehaviour {
  switch (field) {
    case 'description':
      return behaviour.description;
    case 'systemInsights':
      return behaviour.system_insights;
    case 'primarySystemUser.id':
      return behaviour.primary_user;
    default:
      return { status: 200, effect: true };
  }
}

function listGroups(store: Store, systemId: string, query: URLSearchParams): HttpAnswer {
  const type = 'system_group' as const;
  const groups = store.groupsOf(systemId).map((id) => ({
    type,
    id,
    paths: [[{ to: { type, id } }]],
    compiledAttributes: null,
  }));
  const list = { type, entries: sortByFields(groups, query.get('sort')) };
  return pageAnswer(store, list, query, store.behaviour.deleted_in_memberof);
}

function listAssociations(store: Store, systemId: string, query: URLSearchParams): HttpAnswer {
  const targets = query.get('targets');
  if (!isAssociationType(targets))
    return badRequest('targets is required and must be an object type');
  const { edge_attributes, deleted_in_associations } = store.behaviour;
  const unset = { null: { attributes: null }, empty: { attributes: {} }, absent: {} };
  const shown = (attributes: EdgeAttributes) =>
    attributes === undefined ? unset[edge_attributes.unset] : { attributes };
  const edges = store
    .edgesOf(systemId, targets)
    .map(([id, attributes]) => ({ to: { type: targets, id }, ...shown(attributes) }));
  return pageAnswer(store, { type: targets, entries: edges }, query, deleted_in_associations);
}
