import type { Problem } from '../../base/errors.ts';
import { choices } from '../../options/choice.ts';
import { objects } from '../../options/id.ts';
import { UNREADABLE } from '../../options/invalid-value.ts';
import { type OptionValues, type ReadableValues, withDefault } from '../../options/option.ts';
import { section } from '../../options/section.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { sudoRulesOf } from '../edges/edges-options.ts';
import { users } from '../edges/users-option.ts';
import { factsOptions } from '../facts-options.ts';
import { settingsOptions, settingsRules } from '../system/system-options.ts';
import { expandableGroups } from './expandable-groups.ts';

/** The sections that are lists of edges, in the order in which edges are added. */
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
  system: { ...section(settingsOptions, settingsRules), isExpandable: true as const },
  groups: expandableGroups(),
  users: users('user'),
  user_groups: users('user_group'),
  policies: objects('policy'),
  policy_groups: objects('policy_group'),
  commands: objects('command'),
  exclusive: withDefault(choices(...SECTIONS), []),
  keep: section({
    groups: objects('system_group'),
    users: objects('user'),
    user_groups: objects('user_group'),
    policies: objects('policy'),
    policy_groups: objects('policy_group'),
    commands: objects('command'),
  }),
};

/** The options of jumpcloud_host as read. */
export type HostOptions = OptionValues<typeof hostOptions>;

/** How many sections the document has. */
export function sectionCount(given: ReadableValues<typeof hostOptions>): number {
  return SECTIONS.filter((section) => given[section] !== undefined).length;
}

/** What the options must not say together. */
export function hostRules(given: ReadableValues<typeof hostOptions>): Problem[] {
  const problems = [
    ...connectionRules(given),
    ...sudoRulesOf('users', 'present', given.users),
    ...sudoRulesOf('user_groups', 'present', given.user_groups),
  ];
  if (sectionCount(given) === 0) {
    const message = `says nothing about this host: give at least one of ${SECTIONS.join(', ')}`;
    problems.push({ option: '', message: `The document ${message}.` });
  }
  return [...problems, ...exclusiveRules(given), ...keepRules(given)];
}

function exclusiveRules(given: ReadableValues<typeof hostOptions>): Problem[] {
  const { exclusive } = given;
  if (exclusive === undefined || exclusive === UNREADABLE) return [];
  return [...new Set(exclusive)].flatMap((section) => {
    if (section === UNREADABLE) return [];
    if (section === 'system') {
      const message = 'system is no list; use system.purge_attributes to remove other attributes';
      return [{ option: 'exclusive', message }];
    }
    if (given[section] !== undefined) return [];
    const message = `${section} is not given, so nothing says what to keep; give ${section}: [] to remove all`;
    return [{ option: 'exclusive', message }];
  });
}

function keepRules({ exclusive, keep }: ReadableValues<typeof hostOptions>): Problem[] {
  if (keep === undefined || keep === UNREADABLE) return [];
  // A section that was mistyped among exclusive may be the one that is needed.
  if (exclusive === undefined || exclusive === UNREADABLE) return [];
  if (exclusive.includes(UNREADABLE)) return [];
  return EDGE_SECTIONS.filter(
    (section) => keep[section] !== undefined && !exclusive.includes(section),
  ).map((section) => ({
    option: `keep.${section}`,
    message: `needs ${section} among exclusive; without it nothing else is removed`,
  }));
}
