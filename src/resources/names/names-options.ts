import type { Problem } from '../../base/errors.ts';
import type { NamedKind } from '../../base/named-kinds.ts';
import { toUniqueListOf } from '../../options/collections.ts';
import { InvalidValue } from '../../options/invalid-value.ts';
import type { Option, OptionValues, PartialValues } from '../../options/option.ts';
import { toText } from '../../options/scalars.ts';
import { adminOptions, checkAdminOptions } from '../admin-options.ts';

/** The kind of object that each option looks up. */
export const KIND_BY_OPTION = {
  system_groups: 'system_group',
  user_groups: 'user_group',
  users: 'user',
  commands: 'command',
  policies: 'policy',
  policy_groups: 'policy_group',
} as const satisfies Readonly<Record<string, NamedKind>>;
export type KindOption = keyof typeof KIND_BY_OPTION;

/** The options of jumpcloud_names. */
export const namesOptions = {
  system_groups: namesOption(),
  user_groups: namesOption(),
  users: namesOption(),
  commands: namesOption(),
  policies: namesOption(),
  policy_groups: namesOption(),
  ...adminOptions,
};

/** The values of jumpcloud_names's options after reading. */
export type NamesOptions = OptionValues<typeof namesOptions>;

/** Returns the problems of options that do not fit together. */
export function checkNamesOptions(given: PartialValues<typeof namesOptions>): Problem[] {
  const problems = checkAdminOptions(given);
  if (listGivenKindOptions(given).length === 0) {
    const options = Object.keys(KIND_BY_OPTION).join(', ');
    problems.push({
      option: '',
      message: `There is nothing to look up. Give at least one of ${options}.`,
    });
  }
  return problems;
}

/** Returns the options of `KIND_BY_OPTION` that are given. */
export function listGivenKindOptions(given: Readonly<Record<KindOption, unknown>>): KindOption[] {
  const options = Object.keys(KIND_BY_OPTION) as KindOption[];
  return options.filter((option) => given[option] !== undefined);
}

/**
 * Returns an option that takes a list of names, or the text `all`. As an item of a list, `all` is
 * an ordinary name.
 */
function namesOption(): Option<readonly string[] | 'all' | undefined> {
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
