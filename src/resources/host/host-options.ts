import type { Problem } from '../../base/errors.ts';
import { toChoice } from '../../options/choice.ts';
import { toUniqueListOf } from '../../options/collections.ts';
import { objects } from '../../options/id.ts';
import { INVALID } from '../../options/invalid-value.ts';
import {
  type Option,
  type OptionValues,
  type PartialValues,
  withDefault,
} from '../../options/option.ts';
import { section } from '../../options/section.ts';
import { checkConnectionOptions, connectionOptions } from '../connection-options.ts';
import { sudoProblemsOfItems } from '../edges/edges-options.ts';
import { objectsWithSudo } from '../edges/objects-with-sudo.ts';
import { factsOptions } from '../facts-options.ts';
import { checkSettings, settingsOptions } from '../system/system-options.ts';
import { expandableGroups } from './expandable-groups.ts';

/** The sections of the document that list edges, in the order in which edges are added. */
export const EDGE_SECTIONS = [
  'groups',
  'users',
  'user_groups',
  'policies',
  'policy_groups',
  'commands',
] as const;
export type EdgeSection = (typeof EDGE_SECTIONS)[number];

const SECTIONS = ['system', ...EDGE_SECTIONS] as const;

/** The options of jumpcloud_host. */
export const hostOptions = {
  ...connectionOptions,
  ...factsOptions,
  system: { ...section(settingsOptions, checkSettings), isExpandable: true as const },
  groups: expandableGroups(),
  users: objectsWithSudo('user'),
  user_groups: objectsWithSudo('user_group'),
  policies: objects('policy'),
  policy_groups: objects('policy_group'),
  commands: objects('command'),
  exclusive: withDefault(exclusiveSections(), []),
  keep: section({
    groups: objects('system_group'),
    users: objects('user'),
    user_groups: objects('user_group'),
    policies: objects('policy'),
    policy_groups: objects('policy_group'),
    commands: objects('command'),
  }),
};

/** The values of jumpcloud_host's options after reading. */
export type HostOptions = OptionValues<typeof hostOptions>;

function exclusiveSections(): Option<('system' | EdgeSection)[] | undefined> {
  const toSection = toChoice(EDGE_SECTIONS);
  // The option `exclusive` does not allow `system`. It is accepted here, so that `checkExclusive`
  // can report a specific message.
  const read = toUniqueListOf((value) => (value === 'system' ? value : toSection(value)));
  return { type: 'list', elements: 'str', choices: EDGE_SECTIONS, read };
}

/** Returns the number of sections in the document. */
export function sectionCount(given: PartialValues<typeof hostOptions>): number {
  return SECTIONS.filter((section) => given[section] !== undefined).length;
}

/** Returns the problems of options that do not fit together. */
export function checkHostOptions(given: PartialValues<typeof hostOptions>): Problem[] {
  const problems = [
    ...checkConnectionOptions(given),
    ...sudoProblemsOfItems('users', 'present', given.users),
    ...sudoProblemsOfItems('user_groups', 'present', given.user_groups),
  ];
  if (sectionCount(given) === 0) {
    const message = `The document has no sections. Give at least one of ${SECTIONS.join(', ')}.`;
    problems.push({ option: '', message });
  }
  return [...problems, ...checkExclusive(given), ...checkKeep(given)];
}

function checkExclusive(given: PartialValues<typeof hostOptions>): Problem[] {
  const { exclusive } = given;
  if (exclusive === undefined || exclusive === INVALID) return [];
  return [...new Set(exclusive)].flatMap((section) => {
    if (section === INVALID) return [];
    if (section === 'system') {
      const message =
        'system is not a list; use system.purge_attributes to remove other attributes';
      return [{ option: 'exclusive', message }];
    }
    if (given[section] !== undefined) return [];
    const message = `the section ${section} is not given, so the items to keep are unknown; to remove all items, give ${section}: []`;
    return [{ option: 'exclusive', message }];
  });
}

function checkKeep({ exclusive, keep }: PartialValues<typeof hostOptions>): Problem[] {
  if (keep === undefined || keep === INVALID) return [];
  // If an item of `exclusive` is invalid, no problem of `keep` is reported: the item may be a
  // misspelt section that `keep` needs.
  if (exclusive === undefined || exclusive === INVALID) return [];
  if (exclusive.includes(INVALID)) return [];
  return EDGE_SECTIONS.filter(
    (section) => keep[section] !== undefined && !exclusive.includes(section),
  ).map((section) => ({
    option: `keep.${section}`,
    message: `needs ${section} in exclusive; without it, items that are not listed are kept anyway`,
  }));
}
