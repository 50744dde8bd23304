import { REGIONS } from '../../agent/region.ts';
import type { Problem } from '../../base/errors.ts';
import type { NamedKind } from '../../base/named-kinds.ts';
import { choice } from '../../options/choice.ts';
import { coerceText, isRounded } from '../../options/coercions.ts';
import { toDistinct } from '../../options/collections.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import {
  type Option,
  type OptionValues,
  type ReadableValues,
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

/** The variables that stand for options, and what their values look like: they go into headers. */
const FORMS = {
  JUMPCLOUD_API_KEY: /^[\w.~+/=-]{16,512}$/,
  JUMPCLOUD_ORG_ID: /^[\w-]{1,64}$/,
} as const satisfies Readonly<Record<string, RegExp>>;
type Variable = keyof typeof FORMS;

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

/** What the options must not say together. */
export function namesRules(given: ReadableValues<typeof namesOptions>): Problem[] {
  const problems = [...connectionRules(given)];
  if (kindsOf(given).length === 0) {
    const options = Object.keys(KIND_OPTIONS).join(', ');
    problems.push({ option: '', message: `Nothing to look up: give at least one of ${options}.` });
  }
  const fromVariables = [
    ['api_key', 'JUMPCLOUD_API_KEY'],
    ['org_id', 'JUMPCLOUD_ORG_ID'],
  ] as const;
  for (const [option, variable] of fromVariables) {
    const text = given[option] === undefined ? fromEnvironment(variable) : undefined;
    if (text === undefined || FORMS[variable].test(text)) continue;
    problems.push({ option, message: `${variable} ${OF_ANOTHER_FORM}` });
  }
  if (given.api_key === undefined && fromEnvironment('JUMPCLOUD_API_KEY') === undefined) {
    problems.push({
      option: 'api_key',
      message:
        "is required: an administrator's API key, here or in JUMPCLOUD_API_KEY; that of a read-only administrator is enough, and it must never be on a managed host",
    });
  }
  return problems;
}

/** The kinds that are asked for. */
export function kindsOf(given: Readonly<Record<KindOption, unknown>>): KindOption[] {
  const options = Object.keys(KIND_OPTIONS) as KindOption[];
  return options.filter((option) => given[option] !== undefined);
}

/** What a variable holds, without the line end of the file that it was read from. */
export function fromEnvironment(variable: Variable): string | undefined {
  return process.env[variable]?.trim() || undefined;
}

/** Names, or `all`. Only the text is the keyword; a list that holds it names an object. */
function wantedNames(): Option<readonly string[] | 'all' | undefined> {
  return { type: 'raw', read: (value) => (value === 'all' ? value : toNames(value)) };
}

const toNames = toDistinct(toName);

function toName(value: unknown): string {
  const name = toText(value);
  if (name === '') throw new InvalidValue('expected a name, got empty text');
  if (/\p{Surrogate}/u.test(name)) {
    throw new InvalidValue('holds half a character, which no name does; type it anew');
  }
  return name;
}

const OF_ANOTHER_FORM =
  'is not of the form that JumpCloud gives; copy it anew from the Admin Portal';

/** Text that goes into a header, and is never quoted. */
function headerText(variable: Variable): Option<string | undefined> {
  return {
    type: 'str',
    secret: true,
    read(value) {
      const text = toTextUnquoted(value).trim();
      if (text === '') throw new InvalidValue(`is empty; without it, ${variable} is read`);
      if (!FORMS[variable].test(text)) throw new InvalidValue(OF_ANOTHER_FORM);
      return text;
    },
  };
}

function toTextUnquoted(value: unknown): string {
  const text = coerceText(value);
  if (text !== undefined) return text;
  throw new InvalidValue(`expected text${isRounded(value) ? '; put the number in quotes' : ''}`);
}
