import { REGIONS } from '../../agent/region.ts';
import type { Problem } from '../../base/errors.ts';
import type { NamedKind } from '../../base/named-kinds.ts';
import { choice } from '../../options/choice.ts';
import { coerceText, isRounded } from '../../options/coercions.ts';
import { toUniqueListOf } from '../../options/collections.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import {
  type Option,
  type OptionValues,
  type PartialValues,
  withDefault,
} from '../../options/option.ts';
import { pemBundle } from '../../options/pem-bundle.ts';
import { toText } from '../../options/scalars.ts';
import { seconds } from '../../options/seconds.ts';
import { apiUrl, proxyUrl } from '../../options/url.ts';
import { connectionRules } from '../connection-options.ts';

/** The option for each kind of object. */
export const KIND_OPTIONS = {
  system_groups: 'system_group',
  user_groups: 'user_group',
  users: 'user',
  commands: 'command',
  policies: 'policy',
  policy_groups: 'policy_group',
} as const satisfies Readonly<Record<string, NamedKind>>;
export type KindOption = keyof typeof KIND_OPTIONS;

/**
 * Environment variables that replace options, and the format of their values, which go into
 * headers.
 */
const VALUE_FORMATS = {
  JUMPCLOUD_API_KEY: /^[\w.~+/=-]{16,512}$/,
  JUMPCLOUD_ORG_ID: /^[\w-]{1,64}$/,
} as const satisfies Readonly<Record<string, RegExp>>;
type Variable = keyof typeof VALUE_FORMATS;

/** The options of jumpcloud_names. */
export const namesOptions = {
  system_groups: wantedNames(),
  user_groups: wantedNames(),
  users: wantedNames(),
  commands: wantedNames(),
  policies: wantedNames(),
  policy_groups: wantedNames(),
  api_key: headerText('JUMPCLOUD_API_KEY'),
  org_id: headerText('JUMPCLOUD_ORG_ID'),
  region: withDefault(choice(...REGIONS), 'us'),
  api_url: apiUrl(),
  ca_path: pemBundle(),
  proxy: proxyUrl(),
  timeout: withDefault(seconds('above zero'), 120),
  request_timeout: withDefault(seconds('above zero'), 10),
};

/** The options of jumpcloud_names as read. */
export type NamesOptions = OptionValues<typeof namesOptions>;

/** Returns the problems of options that do not fit together. */
export function namesRules(given: PartialValues<typeof namesOptions>): Problem[] {
  const problems = [...connectionRules(given)];
  if (requestedKinds(given).length === 0) {
    const options = Object.keys(KIND_OPTIONS).join(', ');
    problems.push({
      option: '',
      message: `There is nothing to look up. Give at least one of ${options}.`,
    });
  }
  const fromVariables = [
    ['api_key', 'JUMPCLOUD_API_KEY'],
    ['org_id', 'JUMPCLOUD_ORG_ID'],
  ] as const;
  for (const [option, variable] of fromVariables) {
    const text = given[option] === undefined ? fromEnvironment(variable) : undefined;
    if (text === undefined || VALUE_FORMATS[variable].test(text)) continue;
    problems.push({ option, message: `${variable} ${WRONG_FORMAT}` });
  }
  if (given.api_key === undefined && fromEnvironment('JUMPCLOUD_API_KEY') === undefined) {
    problems.push({
      option: 'api_key',
      message:
        "is required: give an administrator's API key here or in JUMPCLOUD_API_KEY. The key of a read-only administrator is enough. It must never be on a managed host",
    });
  }
  return problems;
}

/** Returns the options of the requested kinds. */
export function requestedKinds(given: Readonly<Record<KindOption, unknown>>): KindOption[] {
  const options = Object.keys(KIND_OPTIONS) as KindOption[];
  return options.filter((option) => given[option] !== undefined);
}

/**
 * Returns a variable's value without the line end of the file it may come from; undefined if empty.
 */
export function fromEnvironment(variable: Variable): string | undefined {
  return process.env[variable]?.trim() || undefined;
}

/** An option that takes names or `all`. In a list, `all` is a name and not the keyword. */
function wantedNames(): Option<readonly string[] | 'all' | undefined> {
  return { type: 'raw', read: (value) => (value === 'all' ? value : toNames(value)) };
}

const toNames = toUniqueListOf(toName);

function toName(value: unknown): string {
  const name = toText(value);
  if (name === '') throw new InvalidValue('expected a name, got empty text');
  if (/\p{Surrogate}/u.test(name)) {
    throw new InvalidValue(
      'contains an incomplete character (half of a surrogate pair), which no name can contain; type the name again',
    );
  }
  return name;
}

const WRONG_FORMAT =
  'is not in the format that JumpCloud uses; copy it again from the Admin Portal';

/** An option whose text goes into a header and is never quoted in messages. */
function headerText(variable: Variable): Option<string | undefined> {
  return {
    type: 'str',
    secret: true,
    read(value) {
      const text = toTextUnquoted(value).trim();
      if (text === '') throw new InvalidValue(`is empty; leave it out to use ${variable}`);
      if (!VALUE_FORMATS[variable].test(text)) throw new InvalidValue(WRONG_FORMAT);
      return text;
    },
  };
}

function toTextUnquoted(value: unknown): string {
  const text = coerceText(value);
  if (text !== undefined) return text;
  throw new InvalidValue(`expected text${isRounded(value) ? '; put the number in quotes' : ''}`);
}
