import type { Answer } from './types.ts';

/** One entry of a list, by field. */
export type Entry = Readonly<Record<string, unknown>>;

/**
 * A page of a list of the second API, with the number of all entries in a header. JumpCloud gives
 * ten at a time when nothing is said, and a hundred at most.
 */
export function page(list: readonly unknown[], query: URLSearchParams): Answer {
  const some = slice(list, query.get('limit') ?? 10, query.get('skip') ?? 0);
  if (some === undefined) return badPage;
  return { status: 200, body: some, headers: { 'x-total-count': String(list.length) } };
}

/**
 * The same of the first API, which tells the number in the body. Of entries it shows the fields
 * that were asked for, and their ids, which always come.
 */
export function resultsPage(
  list: readonly Entry[],
  { limit, skip, fields }: Readonly<Record<'limit' | 'skip' | 'fields', unknown>>,
): Answer {
  const some = slice(list, limit ?? 10, skip ?? 0);
  if (some === undefined) return badPage;
  const wanted = typeof fields === 'string' ? ['_id', ...fields.split(/[\s,]+/)] : undefined;
  const shown = (entry: Entry) =>
    Object.fromEntries(Object.entries(entry).filter(([field]) => wanted?.includes(field) ?? true));
  return { status: 200, body: { results: some.map(shown), totalCount: list.length } };
}

const badPage: Answer = { status: 400, body: { message: 'invalid limit or skip' } };

function slice<T>(list: readonly T[], limit: unknown, skip: unknown): T[] | undefined {
  const [count, from] = [Number(limit), Number(skip)];
  if (!Number.isInteger(count) || count < 1 || !Number.isInteger(from) || from < 0) {
    return undefined;
  }
  return list.slice(from, from + Math.min(count, 100));
}

/** A list in the order of some fields, `-` before one turning it round; without fields, as it is. */
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
