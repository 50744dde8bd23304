import type { Problem } from '../../base/errors.ts';
import { choice } from '../../options/choice.ts';
import { coerceText } from '../../options/coercions.ts';
import { toMapping } from '../../options/collections.ts';
import { describeValue } from '../../options/describe-value.ts';
import { objectOrNone } from '../../options/id.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import { type Option, type PartialValues, withDefault } from '../../options/option.ts';
import { quoteName } from '../../options/quote-name.ts';
import { boolean, text } from '../../options/scalars.ts';
import { seconds } from '../../options/seconds.ts';

/** JumpCloud's limit for a custom attribute's value, in characters (code points). */
const MAX_VALUE_LENGTH = 1024;

/** The options for the settings of this host's record. */
export const settingsOptions = {
  display_name: text(),
  description: text(),
  allow_ssh_root_login: boolean(),
  allow_ssh_password_authentication: boolean(),
  allow_public_key_authentication: boolean(),
  allow_multi_factor_authentication: boolean(),
  primary_user: objectOrNone('user'),
  attributes: customAttributes(),
  purge_attributes: withDefault(boolean(), false),
  system_insights: choice('enabled', 'deferred'),
  settle: withDefault(seconds(), 0),
};

/** Returns the problems of settings that do not fit together. */
export function settingsRules({
  attributes,
  purge_attributes,
}: PartialValues<typeof settingsOptions>): Problem[] {
  if (purge_attributes !== true || attributes !== undefined) return [];
  return [
    {
      option: 'purge_attributes',
      message: 'needs attributes, which lists what to keep; give attributes: {} to remove all',
    },
  ];
}

function customAttributes(): Option<ReadonlyMap<string, string | null> | undefined> {
  return { type: 'dict', read: toAttributes };
}

/** Returns values by name; null stands for an attribute that is to be removed. */
function toAttributes(value: unknown): ReadonlyMap<string, string | null> {
  const given = Object.entries(toMapping(value));
  const issues = given.flatMap(([name, item]) => {
    const message = problemWith(name, item);
    return message === undefined ? [] : [{ path: [], message }];
  });
  if (issues.length > 0) throw new InvalidValue(issues);
  return new Map(given.map(([name, item]) => [name, coerceText(item) ?? null]));
}

function problemWith(name: string, given: unknown): string | undefined {
  if (name === '') return 'an attribute has an empty name';
  if (given === null) return undefined;
  const value = coerceText(given);
  if (value === undefined) {
    return `${quoteName(name)}: expected text, or null to remove it, got ${describeValue(given)}`;
  }
  const { length } = [...value];
  return length > MAX_VALUE_LENGTH
    ? `${quoteName(name)}: has ${length} characters, but JumpCloud keeps at most ${MAX_VALUE_LENGTH}`
    : undefined;
}
