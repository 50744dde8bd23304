import type { Entry } from './paging.ts';

/** Reports whether an entry matches. */
export type Filter = (entry: Entry) => boolean;

/**
 * Returns the conjunction of all `filter=FIELD:EQUALS:VALUE` parameters of a query. Returns
 * undefined if one of them is malformed. A comma separates conditions; inside a value it is written
 * `%2C`.
 */
export function parseQueryFilter(search: string, equals: 'eq' | '$eq'): Filter | undefined {
  const filters: Filter[] = [];
  for (const part of search.replace(/^\?/, '').split('&')) {
    const [key, ...value] = part.split('=');
    if (key !== 'filter') continue;
    for (const condition of value.join('=').split(',')) {
      const [field, operator, ...rest] = decodeCondition(condition)?.split(':') ?? [];
      if (!field || operator !== equals || rest.length === 0) return undefined;
      filters.push(equalFilter(field, rest.join(':')));
    }
  }
  return allOf(filters);
}

/**
 * Returns the filter of a search's body: `[{field: value}]` or `{and: […]}` matches all conditions,
 * `{or: […]}` at least one. Returns undefined for any other form.
 */
export function parseBodyFilter(filter: unknown): Filter | undefined {
  if (filter === undefined) return () => true;
  const [[operator, list] = [], ...more] = Array.isArray(filter)
    ? [['and', filter]]
    : Object.entries(Object(filter));
  if (more.length > 0 || !Array.isArray(list) || !list.every(isCondition)) return undefined;
  const filters = list.map((condition) =>
    allOf(Object.entries(condition).map(([field, value]) => equalFilter(field, value))),
  );
  if (operator === 'and') return allOf(filters);
  return operator === 'or' ? (entry) => filters.some((filter) => filter(entry)) : undefined;
}

function isCondition(value: unknown): value is Record<string, string> {
  const values = Object.values(Object(value));
  return values.length > 0 && values.every((text) => typeof text === 'string');
}

function allOf(filters: readonly Filter[]): Filter {
  return (entry) => filters.every((filter) => filter(entry));
}

function equalFilter(field: string, pattern: string): Filter {
  const matches = wildcard(pattern);
  return (entry) => typeof entry[field] === 'string' && matches(entry[field]);
}

/** Returns a matcher for names. As in JumpCloud, `*` matches any text, and case is ignored. */
function wildcard(pattern: string): (text: string) => boolean {
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  const last = rest.pop();
  return (text) => {
    const lower = text.toLowerCase();
    if (last === undefined) return lower === first;
    if (!lower.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = lower.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return lower.length - last.length >= at && lower.endsWith(last);
  };
}

function decodeCondition(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
