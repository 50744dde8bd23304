import type { Problem } from '../../base/errors.ts';
import { choices } from '../../options/choice.ts';
import { objects } from '../../options/id.ts';
import { type OptionValues, withDefault } from '../../options/option.ts';
import { section } from '../../options/section.ts';
import { connectionOptions, connectionRules } from '../connection-options.ts';
import { sudoRulesOf } from '../edges/edges-options.ts';
import { users } from '../edges/users-option.ts';
import { settingsOptions, settingsRules } from '../system/system-options.ts';

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
  system: section(settingsOptions, settingsRules),
  groups: objects('system_group'),
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
export function sectionCount(given: HostOptions): number {
  return SECTIONS.filter((section) => given[section] !== undefined).length;
}

/** What the options must not say together. */
export function hostRules(given: HostOptions): Problem[] {
  const { exclusive, keep } = given;
  const isGiven = (section: (typeof SECTIONS)[number]) => given[section] !== undefined;
  const problems = [
    ...connectionRules(given),
    ...sudoRulesOf('users', 'present', given.users ?? []),
    ...sudoRulesOf('user_groups', 'present', given.user_groups ?? []),
  ];
  if (sectionCount(given) === 0) {
    const message = `says nothing about this host: give at least one of ${SECTIONS.join(', ')}`;
    problems.push({ option: '', message: `The document ${message}.` });
  }
  for (const section of exclusive) {
    if (section === 'system') {
      const message = 'system is no list; use system.purge_attributes to remove other attributes';
      problems.push({ option: 'exclusive', message });
    } else if (!isGiven(section)) {
      const message = `${section} is not given, so nothing says what to keep; give ${section}: [] to remove all`;
      problems.push({ option: 'exclusive', message });
    }
  }
  for (const section of EDGE_SECTIONS.filter((one) => keep?.[one] !== undefined)) {
    if (exclusive.includes(section) && isGiven(section)) continue;
    const message = `needs ${section} among exclusive; without it nothing else is removed`;
    problems.push({ option: `keep.${section}`, message });
  }
  return problems;
}
