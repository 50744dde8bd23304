import type { DeletedObjectBehaviour } from './behaviour.ts';
import type { Store } from './store.ts';
import type { HttpAnswer, ObjectType } from './types.ts';

/** An entry of a list: its fields by name. */
export type Entry = Readonly<Record<string, unknown>>;

/** A list of objects of one type, or of edges to such objects. */
export interface List {
  readonly type: ObjectType | 'system';
  readonly entries: readonly Entry[];
}

/**
 * Returns a page of a list of the v2 API, with the total count in a header. As at JumpCloud, a page
 * has 10 entries by default and at most 100. By default, entries of deleted objects are removed
 * after paging, but the total count includes them.
 */
export function pageAnswer(
  store: Store,
  list: List,
  query: URLSearchParams,
  deleted: DeletedObjectBehaviour = DROPPED_BUT_COUNTED,
): HttpAnswer {
  const present = list.entries.filter((entry) => store.exists(list.type, idOf(entry)));
  const shown = deleted.listed || deleted.short ? list.entries : present;
  const window = cutPage(shown, query.get('limit') ?? 10, query.get('skip') ?? 0);
  if (window === undefined) return INVALID_PAGE;
  const entries = deleted.listed ? window : window.filter((entry) => present.includes(entry));
  const total = deleted.counted ? list.entries.length : present.length;
  const headers = store.listsAreCounted && { 'x-total-count': String(total) };
  return { status: 200, body: entries, ...(headers && { headers }) };
}

/**
 * Returns a page of a list of the v1 API, with the total count in the body. Entries have the fields
 * that the request names, and always their ids.
 */
export function resultsPageAnswer(
  store: Store,
  list: List,
  { limit, skip, fields }: Readonly<Record<'limit' | 'skip' | 'fields', unknown>>,
): HttpAnswer {
  const window = cutPage(list.entries, limit ?? 10, skip ?? 0);
  if (window === undefined) return INVALID_PAGE;
  const entries = window.filter((entry) => store.exists(list.type, idOf(entry)));
  const selected = typeof fields === 'string' ? ['_id', ...fields.split(/[\s,]+/)] : undefined;
  const select = (entry: Entry) =>
    Object.fromEntries(
      Object.entries(entry).filter(([field]) => selected?.includes(field) ?? true),
    );
  const total = store.listsAreCounted && { totalCount: list.entries.length };
  return { status: 200, body: { results: entries.map(select), ...total } };
}

const DROPPED_BUT_COUNTED: DeletedObjectBehaviour = { listed: false, counted: true, short: true };

const INVALID_PAGE: HttpAnswer = { status: 400, body: { message: 'invalid limit or skip' } };

function cutPage(entries: readonly Entry[], limit: unknown, skip: unknown): Entry[] | undefined {
  const [count, from] = [Number(limit), Number(skip)];
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(from) || from < 0) {
    return undefined;
  }
  return entries.slice(from, from + Math.min(count, 100));
}

/** Returns the id of an object, or of the object to which an edge leads. */
function idOf({ _id, id, to }: Entry): string {
  return String(_id ?? id ?? Object(to).id);
}

/**
 * Sorts a list by comma-separated fields; `-` before a field means descending. Null keeps the
 * order.
 */
export function sortByFields<T extends Entry>(
  list: readonly T[],
  fields: string | null,
): readonly T[] {
  if (fields === null) return list;
  const orders = fields.split(',').map((field) => ({
    field: field.replace(/^-/, ''),
    sign: field.startsWith('-') ? -1 : 1,
  }));
  return [...list].sort((a, b) => {
    for (const { field, sign } of orders) {
      const [one, other] = [String(a[field]), String(b[field])];
      if (one !== other) return one < other ? -sign : sign;
    }
    return 0;
  });
}
