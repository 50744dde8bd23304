import * as z from 'zod/mini';
import { REGIONS } from '../../agent/region.ts';
import type { Problem } from '../../errors.ts';
import type { NamedKind } from '../../named-kinds.ts';
import { choice } from '../../options/choice.ts';
import { toList, unique } from '../../options/collections.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import { type Option, type OptionValues, withDefault } from '../../options/option.ts';
import { pemBundle } from '../../options/pem-bundle.ts';
import { reader } from '../../options/reader.ts';
import { toText } from '../../options/scalars.ts';
import { seconds } from '../../options/seconds.ts';
import { apiUrl, proxyUrl } from '../../options/url.ts';
import { connectionRules } from '../connection-options.ts';

/** The option for each kind of object. */
export const KINDS = {
  system_groups: 'system_group',
  user_groups: 'user_group',
  users: 'user',
  commands: 'command',
  policies: 'policy',
  policy_groups: 'policy_group',
} as const satisfies Readonly<Record<string, NamedKind>>;
export type KindOption = keyof typeof KINDS;

/** The options of jumpcloud_names. */
export const namesOptions = {
  system_groups: wantedNames(),
  user_groups: wantedNames(),
  users: wantedNames(),
  commands: wantedNames(),
  policies: wantedNames(),
  policy_groups: wantedNames(),
  api_key: secretText(/^[\w.~+/=-]{16,512}$/),
  org_id: secretText(/^[\w-]{1,64}$/),
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
export function namesRules(given: NamesOptions): Problem[] {
  const problems = [...connectionRules(given)];
  if (kindsOf(given).length === 0) {
    const options = Object.keys(KINDS).join(', ');
    problems.push({ option: '', message: `Nothing to look up: give at least one of ${options}.` });
  }
  if (given.api_key === undefined && apiKeyFrom(process.env) === undefined) {
    problems.push({
      option: 'api_key',
      message:
        "is required: an administrator's API key, here or in JUMPCLOUD_API_KEY; that of a read-only administrator is enough, and it must never be on a managed host",
    });
  }
  return problems;
}

/** The kinds that are asked for. */
export function kindsOf(given: NamesOptions): KindOption[] {
  const options = Object.keys(KINDS) as KindOption[];
  return options.filter((option) => given[option] !== undefined);
}

/** The key in the environment, without the line end of the file that it was read from. */
export function apiKeyFrom(environment: NodeJS.ProcessEnv): string | undefined {
  return environment['JUMPCLOUD_API_KEY']?.trim() || undefined;
}

/** Names, or `all`. Only the text is the keyword; a list that holds it names an object. */
function wantedNames(): Option<readonly string[] | 'all' | undefined> {
  const names = z.pipe(
    reader(toList),
    z.pipe(z.array(reader(toName)), z.transform(unique<string>)),
  );
  const schema = z.pipe(
    z.unknown(),
    z.transform((value, context): readonly string[] | 'all' => {
      if (value === 'all') return value;
      const read = names.safeParse(value);
      if (read.success) return read.data;
      for (const { message, path } of read.error.issues) {
        context.issues.push({ code: 'custom', message, path, input: value });
      }
      return z.NEVER;
    }),
  );
  return { type: 'raw', schema: () => schema };
}

function toName(value: unknown): string {
  const name = toText(value);
  if (name === '') throw new InvalidValue('expected a name, got empty text');
  return name;
}

/** Text that goes into a header, and is never quoted. */
function secretText(form: RegExp): Option<string | undefined> {
  const schema = reader((value) => {
    const text = toTextUnquoted(value).trim();
    if (!form.test(text)) throw new InvalidValue('is not of the form that JumpCloud gives');
    return text;
  });
  return { type: 'str', secret: true, schema: () => schema };
}

function toTextUnquoted(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new InvalidValue('expected text');
}
