import type { Problem } from '../errors.ts';
import { parseServerUrl } from '../server-url.ts';
import { shorten } from './describe.ts';
import { type Flaw, flawsOf, InvalidValue } from './invalid-value.ts';
import { NameLookup, UnreadableNames } from './names.ts';
import { nearest } from './nearest.ts';
import type { Option, OptionTable, OptionValues, Reading } from './option.ts';
import { readMapping } from './spellings.ts';

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
export async function readOptions<T extends OptionTable>(
  module: string,
  table: T,
  given: ReadonlyMap<string, unknown>,
): Promise<ReadOptions<T>> {
  const unknown = [...given.keys()].filter((name) => !Object.hasOwn(table, name));
  const wrongNames = unknown.length > 0 ? [unsupported(module, unknown, Object.keys(table))] : [];
  const names = await readNames(table, given);
  const read = await readValues(table, { names, given });
  const { problems } = read;
  // The same lookup that the others were read with, which knows what of it was used.
  const values: OptionValues<T> = names === undefined ? read.values : { ...read.values, names };
  if (problems.length > 0) return { problems: [...wrongNames, ...problems] };
  return wrongNames.length > 0 ? { problems: wrongNames, values } : { values };
}

/** What the other options are read with, as far as it can be read itself. */
async function readNames(
  table: OptionTable,
  given: ReadonlyMap<string, unknown>,
): Promise<NameLookup | undefined> {
  const value = given.get('names') ?? undefined;
  const option = table['names'];
  if (value === undefined || option === undefined) return undefined;
  try {
    return (await option.read(value, { names: undefined, given })) as NameLookup;
  } catch (error) {
    // Told when the option itself is read.
    if (error instanceof InvalidValue) return new UnreadableNames();
    throw error;
  }
}

/** Reads the values of known options; they are complete only where there is no problem. */
export async function readValues<T extends OptionTable>(
  table: T,
  call: Reading,
): Promise<{ values: OptionValues<T>; problems: readonly Problem[] }> {
  const { given } = call;
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(table)) {
    const value = given.get(name) ?? undefined;
    if (value === undefined) {
      if (option.required) problems.push({ option: name, message: 'is required' });
      values[name] = option.default;
      continue;
    }
    try {
      values[name] = await option.read(value, call);
    } catch (error) {
      for (const flaw of flawsOf(error)) problems.push(problemOf(name, flaw));
    }
  }
  return { values: values as OptionValues<T>, problems };
}

/** Names behind an option's name belong to it, `system.display_name`; from a number on they are a place. */
function problemOf(option: string, { path, message }: Flaw): Problem {
  const item = path.findIndex((step) => typeof step === 'number');
  const names = item === -1 ? path : path.slice(0, item);
  const place = path
    .slice(names.length)
    .map((step) => (typeof step === 'number' ? `item ${step + 1}` : step));
  return {
    option: [option, ...names].join('.'),
    message: [...place, message].join(': '),
  };
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
  // An unknown option may be a secret under a mistyped name.
  const known = Object.entries(values).filter(([name]) => Object.hasOwn(table, name));
  return Object.fromEntries(known.map(([name, value]) => [name, shown(table[name], value)]));
}

function shown(option: Option<unknown> | undefined, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof NameLookup) return value.used();
  const suboptions = option?.suboptions;
  if (suboptions !== undefined && value != null) {
    const mapping = readMapping(value);
    return mapping === undefined ? MASK : moduleArgs(suboptions, mapping);
  }
  return option?.secret && value != null ? maskCredentials(value) : (value ?? null);
}

/** Returns the URL of a server without its credentials; anything else is hidden whole. */
function maskCredentials(text: unknown): string {
  const url = typeof text === 'string' ? parseServerUrl(text) : undefined;
  if (url === undefined) return MASK;
  const { protocol, username, password, host } = url;
  const credentials = username === '' && password === '' ? '' : `${MASK}@`;
  return `${protocol}//${credentials}${host}`;
}
