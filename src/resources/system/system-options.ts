import type { Problem } from '../../base/errors.ts';
import { choice } from '../../options/choice.ts';
import { coerceText } from '../../options/coercions.ts';
import { toMapping } from '../../options/collections.ts';
import { describeValue } from '../../options/describe-value.ts';
import { objectOrNone } from '../../options/id.ts';
import { asInvalid, InvalidValue, type ValidationIssue } from '../../options/invalid-value.ts';
import {
  type Option,
  type ReadableValues,
  type ReadContext,
  withDefault,
} from '../../options/option.ts';
import { quoteName } from '../../options/quote-name.ts';
import { boolean, expandableText } from '../../options/scalars.ts';
import { seconds } from '../../options/seconds.ts';

/** JumpCloud's limit for a custom attribute's value, in characters (code points). */
const MAX_VALUE_LENGTH = 1024;

/** The settings of this host's record. */
export const settingsOptions = {
  display_name: expandableText(),
  description: expandableText(),
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

/** What the settings must not say together. */
export function settingsRules({
  attributes,
  purge_attributes,
}: ReadableValues<typeof settingsOptions>): Problem[] {
  if (purge_attributes !== true || attributes !== undefined) return [];
  return [
    {
      option: 'purge_attributes',
      message: 'needs attributes, which says what to keep; give attributes: {} to remove all',
    },
  ];
}

function customAttributes(): Option<ReadonlyMap<string, string | null> | undefined> {
  return { type: 'dict', isExpandable: true, read: toAttributes };
}

/** Values by name; null stands for an attribute that is to be removed. */
function toAttributes(
  value: unknown,
  { expansion }: ReadContext,
): ReadonlyMap<string, string | null> {
  const attributes = new Map<string, string | null>();
  const issues: ValidationIssue[] = [];
  const report = (message: string) => issues.push({ path: [], message });
  for (const [name, given] of Object.entries(toMapping(value))) {
    const text = coerceText(given);
    if (name === '') report('an attribute has an empty name');
    else if (given === null) attributes.set(name, null);
    else if (text === undefined) {
      const got = describeValue(given);
      report(`${quoteName(name)}: expected text, or null to remove it, got ${got}`);
    } else {
      try {
        const expanded = expansion?.expand(text) ?? text;
        const { length } = [...expanded];
        if (length <= MAX_VALUE_LENGTH || expansion?.isPending(text)) {
          attributes.set(name, expanded);
        } else {
          report(
            `${quoteName(name)}: has ${length} characters, JumpCloud keeps ${MAX_VALUE_LENGTH} at most`,
          );
        }
      } catch (error) {
        for (const { message, ...issue } of asInvalid(error).issues) {
          issues.push({ ...issue, message: `${quoteName(name)}: ${message}` });
        }
      }
    }
  }
  if (issues.length > 0) throw new InvalidValue(issues);
  return attributes;
}
