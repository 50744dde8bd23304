import type { Problem } from '../../base/errors.ts';
import { choice } from '../../options/choice.ts';
import { toMapping, toUniqueListOf } from '../../options/collections.ts';
import { integer } from '../../options/integer.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import {
  type Option,
  type OptionValues,
  type PartialValues,
  required,
  withDefault,
} from '../../options/option.ts';
import { boolean, toText } from '../../options/scalars.ts';
import { section } from '../../options/section.ts';
import { keyForMessage } from '../../options/text-for-messages.ts';
import { adminOptions, checkAdminOptions } from '../admin-options.ts';

/** The options of jumpcloud_stale_systems. */
export const staleOptions = {
  inactive_days: integer(1),
  dead: section({ attribute: required(attributeName()), values: required(attributeValues()) }),
  attributes: attributes(),
  alive: section({
    attribute: required(attributeName()),
    values: required(attributeValues('not empty')),
  }),
  superseded_only: withDefault(boolean(), false),
  include_never_contacted: withDefault(boolean(), false),
  state: withDefault(choice('reported', 'absent'), 'reported'),
  max_deletions: withDefault(integer(0), 10),
  max_percent: withDefault(integer(0, 100), 10),
  ...adminOptions,
};

/** The values of jumpcloud_stale_systems's options after reading. */
export type StaleOptions = OptionValues<typeof staleOptions>;

/** Returns the problems of options that do not fit together. */
export function checkStaleOptions(given: PartialValues<typeof staleOptions>): Problem[] {
  const problems = checkAdminOptions(given);
  if (given.inactive_days !== undefined) return problems;
  if (given.dead === undefined) {
    problems.push({
      option: '',
      message:
        'inactive_days or dead is required, because without them every record would be selected.',
    });
  }
  for (const option of ['superseded_only', 'include_never_contacted'] as const) {
    if (given[option] !== true) continue;
    problems.push({ option, message: 'needs inactive_days' });
  }
  return problems;
}

function attributeName(): Option<string | undefined> {
  return { type: 'str', read: toAttributeName };
}

function toAttributeName(value: unknown): string {
  const name = toText(value);
  if (name.trim() === '')
    throw new InvalidValue('expected the name of an attribute, got empty text');
  return name;
}

/** Returns an option for a list of attribute values, such as the ids of instances. */
function attributeValues(notEmpty?: 'not empty'): Option<string[] | undefined> {
  const toValues = toUniqueListOf(toAttributeValue);
  return {
    type: 'list',
    elements: 'str',
    read(value) {
      const values = toValues(value);
      if (notEmpty && values.length === 0) {
        throw new InvalidValue(
          'is empty, so no record would be kept; perhaps the query that should list the hosts failed',
        );
      }
      return values;
    },
  };
}

/**
 * Reads one attribute value. Rejects empty text, as from a failed query, and text with a tab, a
 * line break or an outer blank, as from a wrongly split list. In the option `alive`, such
 * a value would protect no record.
 */
function toAttributeValue(value: unknown): string {
  const text = toText(value);
  if (text.trim() === '') {
    throw new InvalidValue(
      'expected a value, got empty text; perhaps the query that should list the hosts failed',
    );
  }
  if (/^\s|\s$|[\t\n\r]/.test(text)) {
    throw new InvalidValue(
      'contains a tab or a line break, or has a blank at its start or end; give each value as one item of the list',
    );
  }
  return text;
}

/**
 * Returns an option for the custom attributes that a record must have, as a mapping of names to
 * values.
 */
function attributes(): Option<Readonly<Record<string, string>> | undefined> {
  return {
    type: 'dict',
    read(value) {
      const entries = Object.entries(toMapping(value)).map(([name, wanted]) => {
        toAttributeName(name);
        try {
          return [name, toText(wanted)] as const;
        } catch (error) {
          if (!(error instanceof InvalidValue)) throw error;
          throw new InvalidValue([{ path: [keyForMessage(name)], message: error.message }]);
        }
      });
      return Object.fromEntries(entries);
    },
  };
}
