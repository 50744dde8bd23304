import type { Problem } from '../errors.ts';
import { shorten } from './describe.ts';
import { nearest } from './nearest.ts';
import type { Option, OptionTable, OptionValues } from './option.ts';

const MASK = '********';

/** A call's options as understood, or everything that is wrong with them. */
export type ReadOptions<T extends OptionTable> =
  | { readonly values: OptionValues<T> }
  | {
      readonly problems: readonly Problem[];
      /** There when only names are wrong, so that the values can be checked further. */
      readonly values?: OptionValues<T>;
    };

/**
 * Reads a call's options: unknown names, missing and unfit values are all reported together.
 * Null means not given. `given` holds no `_ansible_*` keys any more.
 */
export function readOptions<T extends OptionTable>(
  module: string,
  table: T,
  given: ReadonlyMap<string, unknown>,
): ReadOptions<T> {
  const unknown = [...given.keys()].filter((name) => !Object.hasOwn(table, name));
  const wrongNames = unknown.length > 0 ? [unsupported(module, unknown, Object.keys(table))] : [];
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const value = given.get(name) ?? undefined;
    if (value === undefined) {
      if (option.required) problems.push({ option: name, message: 'is required' });
      values[name] = option.default;
      continue;
    }
    const read = option.schema.safeParse(value);
    if (read.success) values[name] = read.data;
    else problems.push(...read.error.issues.map((issue) => problemOf(name, issue)));
  }
  if (problems.length > 0) return { problems: [...wrongNames, ...problems] };
  const read = { values: values as OptionValues<T> };
  return wrongNames.length > 0 ? { problems: wrongNames, ...read } : read;
}

function problemOf(option: string, issue: { path: PropertyKey[]; message: string }): Problem {
  const place = issue.path.map((step) =>
    typeof step === 'number' ? `item ${step + 1}` : String(step),
  );
  return { option, message: [...place, issue.message].join(': ') };
}

function unsupported(module: string, unknown: readonly string[], known: string[]): Problem {
  const hints = unknown.flatMap((name) => {
    const meant = nearest(name, known);
    if (meant === undefined) return [];
    return [`did you mean ${meant}${unknown.length > 1 ? ` instead of ${shorten(name)}` : ''}?`];
  });
  const supported = `Supported parameters include: ${[...known].sort().join(', ')}.`;
  return {
    option: '',
    message: [
      `Unsupported parameters for (${module}) module: ${unknown.map((name) => shorten(name)).join(', ')}.`,
      supported,
      ...hints,
    ].join(' '),
  };
}

/** The call's options as the result repeats them: by Ansible's habit null for what is not given. */
export function moduleArgs(
  table: OptionTable,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, shown(table[name], value)]),
  );
}

function shown(option: Option<unknown> | undefined, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  return option?.secret && value != null ? maskCredentials(value) : (value ?? null);
}

/**
 * A URL that can be shown; anything else is hidden whole. Behind the host stands no @ unless a
 * password was written where a URL has none.
 */
function maskCredentials(text: unknown): string {
  if (typeof text !== 'string' || !URL.canParse(text)) return MASK;
  const { protocol, username, password, host, pathname, search, hash } = new URL(text);
  if (host === '' || `${pathname}${search}${hash}`.includes('@')) return MASK;
  const credentials = username === '' && password === '' ? '' : `${MASK}@`;
  return `${protocol}//${credentials}${host}${pathname.replace(/\/$/, '')}`;
}
