import * as z from 'zod/mini';
import type { NamedKind } from '../base/named-kinds.ts';
import type { Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { type Page, type PageRequest, readPages } from './pagination.ts';
import {
  nullableListSchema,
  objectIdSchema,
  parseAnswer,
  parseTotalCount,
} from './parse-answer.ts';

/** An object of an organisation, as an administrator reads it. */
export interface NamedObject {
  readonly id: string;
  /**
   * The names of the object; for a user, the username and the email address. Empty if JumpCloud
   * sends no name.
   */
  readonly names: readonly string[];
  /** Whether the object is a dynamic group. */
  readonly isDynamic: boolean;
}

/** The list endpoint of each kind of object that version 2 of the API lists. */
const LIST_PATHS = {
  system_group: '/api/v2/systemgroups',
  user_group: '/api/v2/usergroups',
  policy_group: '/api/v2/policygroups',
  policy: '/api/v2/policies',
} as const;

const optionalText = z.optional(z.nullable(z.string()));
const v2ObjectSchema = z.object({
  id: objectIdSchema,
  name: optionalText,
  membershipMethod: optionalText,
});
const v1ObjectSchema = z.object({
  _id: objectIdSchema,
  name: optionalText,
  username: optionalText,
  email: optionalText,
});
const v1ListSchema = z.nullable(
  z.object({ results: nullableListSchema(v1ObjectSchema), totalCount: z.optional(z.unknown()) }),
);

/**
 * Reads the objects of one kind that JumpCloud finds for `names`; without `names`, reads all
 * objects. JumpCloud expands wildcards and may ignore case, so the result may contain objects with
 * other names.
 */
export function findObjects(
  session: Session,
  kind: NamedKind,
  names?: readonly string[],
): Promise<NamedObject[]> {
  const kindLabel = `${kind.replace('_', ' ')}s`.replace('policys', 'policies');
  const readAllPages = (readPage: (page: PageRequest) => Promise<Page<NamedObject>>) =>
    readPages({ name: kindLabel, readPage, keyOf: ({ id }) => id, onChange: 'step back' });
  const purpose = names === undefined ? `read all ${kindLabel}` : `find ${kindLabel} by name`;

  if (kind === 'user') {
    return readAllPages((page) => searchUsers(session, purpose, page, names));
  }
  const reads = (names ?? [undefined]).map((name) =>
    readAllPages((page) =>
      kind === 'command'
        ? readCommands(session, purpose, page, name)
        : readObjectList(session, purpose, LIST_PATHS[kind], page, name),
    ),
  );
  return Promise.all(reads).then((lists) => lists.flat());
}

async function readObjectList(
  session: Session,
  purpose: string,
  list: string,
  page: PageRequest,
  name: string | undefined,
): Promise<Page<NamedObject>> {
  const filter = name === undefined ? '' : `filter=name:eq:${encodeForFilter(name)}&`;
  const path = `${list}?${filter}sort=id&limit=${page.limit}&skip=${page.skip}`;
  const request: Request = { method: 'GET', path, purpose };
  const reply = await session.send(request);
  const found = parseAnswer(session, request, reply, nullableListSchema(v2ObjectSchema));
  const entries = found.map(({ id, name, membershipMethod }) => ({
    id,
    names: typeof name === 'string' ? [name] : [],
    isDynamic: /^DYNAMIC/.test(membershipMethod ?? ''),
  }));
  return { entries, total: parseTotalCount(reply.headers['x-total-count']) };
}

async function readCommands(
  session: Session,
  purpose: string,
  page: PageRequest,
  name: string | undefined,
): Promise<Page<NamedObject>> {
  const filter = name === undefined ? '' : `filter=name:$eq:${encodeForFilter(name)}&`;
  const path = `/api/commands?${filter}fields=name&sort=_id&limit=${page.limit}&skip=${page.skip}`;
  return readV1Objects(session, { method: 'GET', path, purpose });
}

function searchUsers(
  session: Session,
  purpose: string,
  page: PageRequest,
  names: readonly string[] | undefined,
): Promise<Page<NamedObject>> {
  const conditions = names?.flatMap((name) => [{ username: name }, { email: name }]);
  const body = {
    ...(conditions && { filter: { or: conditions } }),
    fields: 'username email',
    sort: '_id',
    ...page,
  };
  const path = '/api/search/systemusers';
  return readV1Objects(session, { method: 'POST', path, body, purpose, changesNothing: true });
}

async function readV1Objects(session: Session, request: Request): Promise<Page<NamedObject>> {
  const list = parseAnswer(session, request, await session.send(request), v1ListSchema);
  const entries = (list?.results ?? []).map(({ _id, name, username, email }) => ({
    id: _id,
    names: [name, username, email].filter((value) => typeof value === 'string'),
    isDynamic: false,
  }));
  return { entries, total: parseTotalCount(list?.totalCount) };
}

/**
 * Encodes a name for a filter. In a filter, a comma separates conditions and a star is a wildcard.
 */
function encodeForFilter(name: string): string {
  return encodeURIComponent(name).replaceAll('*', '%2A');
}
