import type { Problem } from '../base/errors.ts';
import { parseServerUrl } from '../base/server-url.ts';
import { INVALID, requireInvalidValue, type ValidationIssue } from './invalid-value.ts';
import { FailingNameLookup, NameLookup } from './names.ts';
import { nearestNames } from './nearest-name.ts';
import type {
  Option,
  OptionTable,
  OptionValues,
  PartialValues,
  ReadContext,
  TextExpansion,
} from './option.ts';
import { PemBundle } from './pem-bundle.ts';
import { keyForMessage } from './text-for-messages.ts';

const MASK = '********';

/** The values of a call's options, and all problems with them. */
export interface ParsedOptions<T extends OptionTable> {
  readonly problems: readonly Problem[];
  readonly partial: PartialValues<T>;
  /** Set if all known options are valid. Unknown options do not matter. */
  readonly values?: OptionValues<T>;
}

/**
 * Reads a call's options, and reports all unknown options, missing values and invalid values
 * together. Null counts as not given. `rawOptions` must not contain `_ansible_*` keys.
 */
export async function readOptions<T extends OptionTable>(
  module: string,
  table: T,
  rawOptions: ReadonlyMap<string, unknown>,
  expansion?: TextExpansion,
): Promise<ParsedOptions<T>> {
  const unknown = [...rawOptions.keys()].filter((name) => !Object.hasOwn(table, name));
  const unsupported =
    unknown.length > 0 ? [unsupportedOptionsProblem(module, unknown, Object.keys(table))] : [];
  const names = await readNames(table, rawOptions);
  const { problems, partial, values } = await readValues(table, { names, rawOptions, expansion });
  // Uses the lookup with which the other options were read, because that lookup has recorded the
  // names in use.
  const sharedNames = partial['names'] instanceof NameLookup ? { names } : {};
  return {
    problems: [...unsupported, ...problems],
    partial: { ...partial, ...sharedNames },
    ...(values && { values: { ...values, ...sharedNames } }),
  };
}

/** Reads the option `names`, which is needed to read other options. */
async function readNames(
  table: OptionTable,
  rawOptions: ReadonlyMap<string, unknown>,
): Promise<NameLookup | undefined> {
  const value = rawOptions.get('names') ?? undefined;
  const option = table['names'];
  if (value === undefined || option === undefined) return undefined;
  try {
    return (await option.read(value, {
      names: undefined,
      rawOptions,
      expansion: undefined,
    })) as NameLookup;
  } catch (error) {
    // The problem is reported when readValues reads the option again.
    requireInvalidValue(error);
    return new FailingNameLookup();
  }
}

/** Reads the values of all known options, and reports all their issues. */
export async function readValues<T extends OptionTable>(
  table: T,
  context: ReadContext,
): Promise<ParsedOptions<T>> {
  const problems: Problem[] = [];
  const values: Record<string, unknown> = {};
  let isComplete = true;
  for (const [name, option] of Object.entries(table)) {
    const value = context.rawOptions.get(name) ?? undefined;
    if (value === undefined) {
      values[name] = option.default;
      if (!option.required) continue;
      problems.push({ option: name, message: 'is required' });
      isComplete = false;
      continue;
    }
    try {
      values[name] = await option.read(value, context);
    } catch (error) {
      const { issues, partial } = requireInvalidValue(error);
      for (const issue of issues) problems.push(toProblem(name, issue));
      values[name] = partial;
      isComplete = false;
    }
  }
  return {
    problems,
    partial: values as PartialValues<T>,
    ...(isComplete && { values: values as OptionValues<T> }),
  };
}

/**
 * Converts an issue to a problem. Keys before the first list index become part of the option's
 * name, as in `system.display_name`. The rest becomes part of the message, as in `item 2: sudo`.
 */
function toProblem(option: string, { path, message, ...advice }: ValidationIssue): Problem {
  const firstIndex = path.findIndex((step) => typeof step === 'number');
  const names = firstIndex === -1 ? path : path.slice(0, firstIndex);
  const place = path
    .slice(names.length)
    .map((step) => (typeof step === 'number' ? `item ${step + 1}` : step));
  return {
    option: [option, ...names].join('.'),
    message: [...place, message].join(': '),
    ...advice,
  };
}

function unsupportedOptionsProblem(
  module: string,
  unknown: readonly string[],
  known: string[],
): Problem {
  const sorted = [...known].sort().join(', ');
  const nearest = nearestNames(unknown, known);
  const hints = nearest.flatMap((suggestion, i) => {
    if (suggestion === undefined) return [];
    const instead = unknown.length > 1 ? ` instead of ${keyForMessage(unknown[i] ?? '')}` : '';
    return [`did you mean ${suggestion}${instead}?`];
  });
  return {
    option: '',
    message: [
      `Unsupported parameters for (${module}) module: ${unknown.map(keyForMessage).join(', ')}.`,
      `Supported parameters include: ${sorted}.`,
      ...hints,
    ].join(' '),
    parts: unknown.map((name, i) => unknownOptionProblem(keyForMessage(name), nearest[i], sorted)),
  };
}

/** Returns the problem of an unknown option. Suggests the nearest name, or lists all names. */
function unknownOptionProblem(
  option: string,
  suggestion: string | undefined,
  known: string,
): Problem {
  const message = 'is not an option';
  return suggestion === undefined
    ? { option, message, advice: `The options are ${known}` }
    : { option, message: `${message}; did you mean ${suggestion}?` };
}

/**
 * Returns the options for the result's `module_args`. As in Ansible, an option without a value is
 * null. Masks invalid values, because they may be misplaced secrets.
 */
export function moduleArgs(
  table: OptionTable,
  partial: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).map(([name, option]) => [name, redactValue(option, partial[name])]),
  );
}

function redactValue({ suboptions, secret }: Option<unknown>, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof NameLookup) return value.usedNames();
  if (value instanceof PemBundle) return value.path;
  if (suboptions !== undefined && value !== INVALID) {
    return moduleArgs(suboptions, Object(value));
  }
  return secret ? maskCredentials(value) : maskInvalidParts(value);
}

/** Returns a value with its invalid parts masked. */
function maskInvalidParts(value: unknown): unknown {
  if (value === INVALID) return MASK;
  if (Array.isArray(value)) return value.map(maskInvalidParts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, maskInvalidParts(inner)]),
  );
}

/** Masks the credentials in a server's URL; masks any other text completely. */
function maskCredentials(text: unknown): string {
  const url = typeof text === 'string' ? parseServerUrl(text) : undefined;
  if (url === undefined) return MASK;
  const { protocol, username, password, host } = url;
  const credentials = username === '' && password === '' ? '' : `${MASK}@`;
  return `${protocol}//${credentials}${host}`;
}
