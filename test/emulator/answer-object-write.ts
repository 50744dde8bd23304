import { errorAnswer } from './error-answer.ts';
import type { Store } from './store.ts';
import type { HttpAnswer, MembershipMethod, ObjectType } from './types.ts';

/** The collections in which an administrator can create and delete objects, by path. */
const COLLECTIONS: Readonly<Record<string, ObjectType>> = {
  '/api/v2/systemgroups': 'system_group',
  '/api/v2/usergroups': 'user_group',
  '/api/systemusers': 'user',
};

/**
 * Answers an administrator's request to create, read or delete a group or user, or to list
 * the members of a system group. Returns undefined for any other request.
 */
export function answerObjectWrite(
  store: Store,
  method: string,
  { pathname }: URL,
  body: unknown,
): HttpAnswer | undefined {
  const members = /^\/api\/v2\/systemgroups\/([0-9a-f]{24})\/membership$/.exec(pathname)?.[1];
  if (method === 'GET' && members !== undefined) return answerMembers(store, members);
  const created = COLLECTIONS[pathname];
  if (method === 'POST' && created !== undefined)
    return createObject(store, created, pathname, body);
  const [, collection = '', id = ''] = /^(\/.*)\/([0-9a-f]{24})$/.exec(pathname) ?? [];
  const type = COLLECTIONS[collection];
  if (type === undefined || !['GET', 'DELETE'].includes(method)) return undefined;
  if (!store.exists(type, id)) return errorAnswer(pathname, 404);
  const answer = { status: type === 'user' || method === 'GET' ? 200 : 204 };
  const shown = objectBody(store, type, id);
  if (method === 'DELETE') store.delete(id);
  return answer.status === 204 ? answer : { ...answer, body: shown };
}

function createObject(store: Store, type: ObjectType, path: string, body: unknown): HttpAnswer {
  const { name, username, email, membershipMethod = 'STATIC', memberQuery } = Object(body);
  const given = type === 'user' ? username : name;
  if (typeof given !== 'string' || given === '') return errorAnswer(path, 400);
  const isTaken = store
    .idsOf(type)
    .some((id) => store.exists(type, id) && store.descriptionOf(type, id).name === given);
  if (isTaken) return { status: 409, body: { message: 'Already Exists' } };
  const id = store.addNamed(type, {
    name: given,
    ...(type === 'user' && { email: String(email) }),
    ...(type === 'system_group' && { membershipMethod: membershipMethod as MembershipMethod }),
  });
  if (String(membershipMethod).startsWith('DYNAMIC_')) addMatchingSystems(store, id, memberQuery);
  return { status: type === 'user' ? 200 : 201, body: objectBody(store, type, id) };
}

/** Fills a new dynamic group with all systems that match its rule. */
function addMatchingSystems(store: Store, group: string, memberQuery: unknown): void {
  const { filters } = Object(memberQuery);
  if (!Array.isArray(filters)) return;
  for (const [systemId, { record }] of store.systems) {
    const isMatch = filters
      .map(Object)
      .every(({ field, operator, value }) => operator === 'eq' && record[field] === value);
    if (isMatch) store.join(systemId, group);
  }
}

function answerMembers(store: Store, group: string): HttpAnswer {
  const members = store.groups.get(group);
  if (members === undefined) return errorAnswer('/api/v2/', 404);
  return { status: 200, body: [...members].map((id) => ({ type: 'system', id, paths: [] })) };
}

function objectBody(store: Store, type: ObjectType, id: string): Record<string, unknown> {
  const { name, email, membershipMethod } = store.descriptionOf(type, id);
  return type === 'user'
    ? { _id: id, id, username: name, email, state: 'STAGED' }
    : { id, name, type, ...(type === 'system_group' && { membershipMethod }) };
}
