import type { Store } from './store.ts';
import type { HttpAnswer, ObjectType } from './types.ts';

/** An entry of a list: its fields by name. */
export type Entry = Readonly<Record<string, unknown>>;

/** A list of objects of a type, or of edges to them. */
export interface List {
  readonly type: ObjectType;
  readonly entries: readonly Entry[];
}

/**
 * Returns a page of a list of the v2 API, with the total count in a header. As at JumpCloud, a page
 * has 10 entries by default and at most 100. Entries of deleted objects are dropped from the page
 * after it was cut, but are counted.
 */
export function page(store: Store, list: List, query: URLSearchParams): HttpAnswer {
  const entries = cut(store, list, query.get('limit') ?? 10, query.get('skip') ?? 0);
  if (entries === undefined) return badPage;
  const headers = store.listsAreCounted && { 'x-total-count': String(list.entries.length) };
  return { status: 200, body: entries, ...(headers && { headers }) };
}

/**
 * Returns a page of a list of the v1 API, with the total count in the body. Entries have the fields
 * that the request names, and always their ids.
 */
export function resultsPage(
  store: Store,
  list: List,
  { limit, skip, fields }: Readonly<Record<'limit' | 'skip' | 'fields', unknown>>,
): HttpAnswer {
  const entries = cut(store, list, limit ?? 10, skip ?? 0);
  if (entries === undefined) return badPage;
  const selected = typeof fields === 'string' ? ['_id', ...fields.split(/[\s,]+/)] : undefined;
  const select = (entry: Entry) =>
    Object.fromEntries(
      Object.entries(entry).filter(([field]) => selected?.includes(field) ?? true),
    );
  const total = store.listsAreCounted && { totalCount: list.entries.length };
  return { status: 200, body: { results: entries.map(select), ...total } };
}

const badPage: HttpAnswer = { status: 400, body: { message: 'invalid limit or skip' } };

function cut(
  store: Store,
  { type, entries }: List,
  limit: unknown,
  skip: unknown,
): Entry[] | undefined {
  const [count, from] = [Number(limit), Number(skip)];
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(from) || from < 0) {
    return undefined;
  }
  return entries
    .slice(from, from + Math.min(count, 100))
    .filter((entry) => store.exists(type, idOf(entry)));
}

/** Returns the id of an object, or of the object to which an edge leads. */
function idOf({ _id, id, to }: Entry): string {
  return String(_id ?? id ?? Object(to).id);
}

/**
 * Sorts a list by comma-separated fields; `-` before a field means descending. Null keeps the
 * order.
 */
export function sorted<T extends Entry>(list: readonly T[], fields: string | null): readonly T[] {
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
