import type { Problem } from '../../base/errors.ts';
import { choice } from '../../options/choice.ts';
import { coerceText } from '../../options/coercions.ts';
import { toMapping } from '../../options/collections.ts';
import { describeValue } from '../../options/describe-value.ts';
import { objectOrNone } from '../../options/id.ts';
import {
  InvalidValue,
  requireInvalidValue,
  type ValidationIssue,
} from '../../options/invalid-value.ts';
import {
  type Option,
  type PartialValues,
  type ReadContext,
  type TextExpansion,
  withDefault,
} from '../../options/option.ts';
import { boolean, expandableText } from '../../options/scalars.ts';
import { seconds } from '../../options/seconds.ts';
import { nameForMessage } from '../../options/text-for-messages.ts';

/** JumpCloud's limit for a custom attribute's value, in characters (code points). */
const MAX_VALUE_LENGTH = 1024;

/** The options for the settings of this host's record. */
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

/** Returns the problems of settings that do not fit together. */
export function checkSettings({
  attributes,
  purge_attributes,
}: PartialValues<typeof settingsOptions>): Problem[] {
  if (purge_attributes !== true || attributes !== undefined) return [];
  return [
    {
      option: 'purge_attributes',
      message:
        'needs the option attributes, which lists what to keep; give attributes: {} to remove all',
    },
  ];
}

function customAttributes(): Option<ReadonlyMap<string, string | null> | undefined> {
  return { type: 'dict', isExpandable: true, read: toAttributes };
}

/**
 * Reads a mapping of attribute names to values. A null value means that the attribute is removed.
 */
function toAttributes(
  value: unknown,
  { expansion }: ReadContext,
): ReadonlyMap<string, string | null> {
  const attributes = new Map<string, string | null>();
  const issues: ValidationIssue[] = [];
  for (const [name, given] of Object.entries(toMapping(value))) {
    try {
      attributes.set(name, toAttribute(name, given, expansion));
    } catch (error) {
      issues.push(...requireInvalidValue(error).issues);
    }
  }
  if (issues.length > 0) throw new InvalidValue(issues);
  return attributes;
}

function toAttribute(
  name: string,
  given: unknown,
  expansion: TextExpansion | undefined,
): string | null {
  if (name === '') throw new InvalidValue('an attribute has an empty name');
  if (given === null) return null;
  const text = coerceText(given);
  if (text === undefined) {
    const got = describeValue(given);
    throw new InvalidValue(
      `${nameForMessage(name)}: expected text, or null to remove it, got ${got}`,
    );
  }
  const value = expandValue(name, text, expansion);
  const { length } = [...value];
  if (length > MAX_VALUE_LENGTH && !expansion?.hasUnreadFacts(text)) {
    throw new InvalidValue(
      `${nameForMessage(name)}: has ${length} characters, but JumpCloud keeps at most ${MAX_VALUE_LENGTH}`,
    );
  }
  return value;
}

function expandValue(name: string, text: string, expansion: TextExpansion | undefined): string {
  try {
    return expansion?.expand(text) ?? text;
  } catch (error) {
    const issues = requireInvalidValue(error).issues.map((issue) => ({
      ...issue,
      message: `${nameForMessage(name)}: ${issue.message}`,
    }));
    throw new InvalidValue(issues);
  }
}
