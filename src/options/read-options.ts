import type { Problem } from '../base/errors.ts';
import { parseServerUrl } from '../base/server-url.ts';
import { asInvalid, UNREADABLE, type ValidationIssue } from './invalid-value.ts';
import { NameLookup, UnreadableNames } from './names.ts';
import { nearestName } from './nearest-name.ts';
import type {
  Option,
  OptionTable,
  OptionValues,
  ReadableValues,
  ReadContext,
  TextExpansion,
} from './option.ts';
import { PemBundle } from './pem-bundle.ts';
import { quoteKey } from './quote-name.ts';

const MASK = '********';

/** A call's options as understood, and everything that is wrong with them. */
export interface ParsedOptions<T extends OptionTable> {
  readonly problems: readonly Problem[];
  readonly readable: ReadableValues<T>;
  /** Present when all values can be read, though options may be unknown. */
  readonly values?: OptionValues<T>;
}

/**
 * Reads a call's options: unknown names, missing and unfit values are all reported together.
 * Null means not given. `given` holds no `_ansible_*` keys any more.
 */
export async function readOptions<T extends OptionTable>(
  module: string,
  table: T,
  given: ReadonlyMap<string, unknown>,
  expansion?: TextExpansion,
): Promise<ParsedOptions<T>> {
  const unknown = [...given.keys()].filter((name) => !Object.hasOwn(table, name));
  const wrongNames =
    unknown.length > 0 ? [unsupportedProblem(module, unknown, Object.keys(table))] : [];
  const names = await readGivenNames(table, given);
  const { problems, readable, values } = await readValues(table, { names, given, expansion });
  // The same lookup that the others were read with, which knows what of it was used.
  const used = readable['names'] instanceof NameLookup ? { names } : {};
  return {
    problems: [...wrongNames, ...problems],
    readable: { ...readable, ...used },
    ...(values && { values: { ...values, ...used } }),
  };
}

/** What the other options are read with, as far as it can be read itself. */
async function readGivenNames(
  table: OptionTable,
  given: ReadonlyMap<string, unknown>,
): Promise<NameLookup | undefined> {
  const value = given.get('names') ?? undefined;
  const option = table['names'];
  if (value === undefined || option === undefined) return undefined;
  try {
    return (await option.read(value, {
      names: undefined,
      given,
      expansion: undefined,
    })) as NameLookup;
  } catch (error) {
    // Reported when the option itself is read.
    asInvalid(error);
    return new UnreadableNames();
  }
}

/** Reads the values of known options, and reports everything that is wrong with any of them. */
export async function readValues<T extends OptionTable>(
  table: T,
  call: ReadContext,
): Promise<ParsedOptions<T>> {
  const { given } = call;
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  let isComplete = true;
  for (const [name, option] of Object.entries(table)) {
    const value = given.get(name) ?? undefined;
    if (value === undefined) {
      values[name] = option.default;
      if (!option.required) continue;
      problems.push({ option: name, message: 'is required' });
      isComplete = false;
      continue;
    }
    try {
      values[name] = await option.read(value, call);
    } catch (error) {
      const { issues, readable } = asInvalid(error);
      for (const issue of issues) problems.push(problemOf(name, issue));
      values[name] = readable;
      isComplete = false;
    }
  }
  return {
    problems,
    readable: values as ReadableValues<T>,
    ...(isComplete && { values: values as OptionValues<T> }),
  };
}

/** Names behind an option's name belong to it, `system.display_name`; from a number on they are a place. */
function problemOf(option: string, { path, message, ...advice }: ValidationIssue): Problem {
  const item = path.findIndex((step) => typeof step === 'number');
  const names = item === -1 ? path : path.slice(0, item);
  const place = path
    .slice(names.length)
    .map((step) => (typeof step === 'number' ? `item ${step + 1}` : step));
  return {
    option: [option, ...names].join('.'),
    message: [...place, message].join(': '),
    ...advice,
  };
}

function unsupportedProblem(module: string, unknown: readonly string[], known: string[]): Problem {
  const hints = unknown.flatMap((name) => {
    const meant = nearestName(name, known);
    if (meant === undefined) return [];
    return [`did you mean ${meant}${unknown.length > 1 ? ` instead of ${quoteKey(name)}` : ''}?`];
  });
  const supported = `Supported parameters include: ${[...known].sort().join(', ')}.`;
  return {
    option: '',
    message: [
      `Unsupported parameters for (${module}) module: ${unknown.map(quoteKey).join(', ')}.`,
      supported,
      ...hints,
    ].join(' '),
  };
}

/**
 * Returns the call's options as the result repeats them: by Ansible's habit null for what is not
 * given. A value that cannot be read is masked: it may be a secret in the wrong place.
 */
export function moduleArgs(
  table: OptionTable,
  readable: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => [name, redactValue(option, readable[name])]),
  );
}

function redactValue({ suboptions, secret }: Option<unknown>, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof NameLookup) return value.used();
  if (value instanceof PemBundle) return value.path;
  if (suboptions !== undefined && value !== UNREADABLE) {
    return moduleArgs(suboptions, Object(value));
  }
  return secret ? maskCredentials(value) : maskUnreadable(value);
}

/** Returns a value with a mask in the place of all that cannot be read. */
function maskUnreadable(value: unknown): unknown {
  if (value === UNREADABLE) return MASK;
  if (Array.isArray(value)) return value.map(maskUnreadable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, maskUnreadable(inner)]),
  );
}

/** Returns the URL of a server without its credentials; anything else is hidden whole. */
function maskCredentials(text: unknown): string {
  const url = typeof text === 'string' ? parseServerUrl(text) : undefined;
  if (url === undefined) return MASK;
  const { protocol, username, password, host } = url;
  const credentials = username === '' && password === '' ? '' : `${MASK}@`;
  return `${protocol}//${credentials}${host}`;
}
