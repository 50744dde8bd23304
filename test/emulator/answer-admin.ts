import { parseBodyFilter, parseQueryFilter } from './admin-filter.ts';
import { answerObjectWrite } from './answer-object-write.ts';
import { errorAnswer } from './error-answer.ts';
import { type Entry, pageAnswer, resultsPageAnswer, sortByFields } from './paging.ts';
import type { Store } from './store.ts';
import type { HttpAnswer, ObjectType } from './types.ts';

/** The lists of the v2 API from which names are read, by path. */
const LISTS: Readonly<Record<string, ObjectType>> = {
  '/api/v2/systemgroups': 'system_group',
  '/api/v2/usergroups': 'user_group',
  '/api/v2/policygroups': 'policy_group',
  '/api/v2/policies': 'policy',
};

/**
 * Answers an administrator's request: a lookup of names, a request about a system's record, or the
 * creation or deletion of a group or user.
 */
export function answerAdmin(store: Store, method: string, url: URL, body: unknown): HttpAnswer {
  const systemId = /^\/api\/systems\/([0-9a-f]{24})$/.exec(url.pathname)?.[1];
  if (systemId !== undefined) return answerForSystem(store, method, url.pathname, systemId);
  switch (`${method} ${url.pathname}`) {
    case 'POST /api/search/systemusers':
      return answerSearch(store, 'user', body);
    case 'POST /api/search/systems':
      return answerSystemSearch(store, body);
    case 'POST /api/search/commands':
      return answerSearch(store, 'command', body);
    case 'GET /api/commands':
      return answerCommands(store, url);
  }
  const type = method === 'GET' ? LISTS[url.pathname] : undefined;
  if (type !== undefined) return answerList(store, type, url);
  return answerObjectWrite(store, method, url, body) ?? errorAnswer(url.pathname, 401);
}

function answerList(store: Store, type: ObjectType, { search, searchParams }: URL): HttpAnswer {
  const filter = parseQueryFilter(search, 'eq');
  if (filter === undefined) return INVALID_FILTER;
  const matching = listEntries(store, type).filter(filter);
  return pageAnswer(
    store,
    { type, entries: sortByFields(matching, searchParams.get('sort')) },
    searchParams,
  );
}

function answerCommands(store: Store, { search, searchParams }: URL): HttpAnswer {
  const filter = parseQueryFilter(search, '$eq');
  if (filter === undefined) return INVALID_FILTER;
  const { limit, skip, fields, sort } = Object.fromEntries(searchParams);
  const matching = sortByFields(listEntries(store, 'command').filter(filter), sort ?? '_id');
  return resultsPageAnswer(store, { type: 'command', entries: matching }, { limit, skip, fields });
}

/** Reads or deletes the record of any system. */
function answerForSystem(store: Store, method: string, path: string, id: string): HttpAnswer {
  if (method !== 'GET' && method !== 'DELETE') return errorAnswer(path, 401);
  const record = store.systems.get(id)?.record;
  if (record === undefined) {
    return { status: 404, body: { message: 'Not Found', error: 'Not Found' } };
  }
  if (method === 'DELETE') store.removeSystem(id);
  return { status: 200, body: record };
}

/**
 * Searches the records of systems. Sorts the ids instead of the entries, which is faster with many
 * records.
 */
function answerSystemSearch(store: Store, body: unknown): HttpAnswer {
  const { filter: given, limit, skip, fields, sort = '_id' } = Object(body);
  const filter = parseBodyFilter(given);
  if (filter === undefined) return INVALID_FILTER;
  const ids = [...store.systems.keys()].sort();
  const matching = ids.map((id): Entry => store.record(id)).filter(filter);
  const entries = sort === '_id' ? matching : sortByFields(matching, String(sort));
  return resultsPageAnswer(store, { type: 'system', entries }, { limit, skip, fields });
}

function answerSearch(store: Store, type: ObjectType, body: unknown): HttpAnswer {
  const { filter: given, limit, skip, fields, sort } = Object(body);
  const filter = parseBodyFilter(given);
  if (filter === undefined) return INVALID_FILTER;
  const matching = sortByFields(
    listEntries(store, type).filter(filter),
    typeof sort === 'string' ? sort : '_id',
  );
  return resultsPageAnswer(store, { type, entries: matching }, { limit, skip, fields });
}

const INVALID_FILTER: HttpAnswer = { status: 400, body: { message: 'invalid filter' } };

function listEntries(store: Store, type: ObjectType): Entry[] {
  return store.idsOf(type).map((id) => toEntry(store, type, id));
}

/** Returns an object in the form of an entry in the API's lists. */
function toEntry(store: Store, type: ObjectType, id: string): Entry {
  const { name, email, membershipMethod } = store.descriptionOf(type, id);
  switch (type) {
    case 'user':
      return { _id: id, id, username: name, email, state: 'ACTIVATED', sudo: false };
    case 'command':
      return { _id: id, name, command: 'true', commandType: 'linux', launchType: 'manual' };
    case 'policy':
      return { id, name, template: { name: 'emulated' } };
    case 'policy_group':
      return { id, name, type, description: '' };
    case 'system_group':
    case 'user_group':
      return { id, name, type, description: '', attributes: null, membershipMethod };
  }
}
