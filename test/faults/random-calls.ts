import type { Store } from '../emulator/store.ts';
import {
  ASSOCIATION_TYPES,
  type AssociationType,
  type EdgeAttributes,
  type SystemRecord,
} from '../emulator/types.ts';
import type { ModuleName } from '../harness/executable.ts';
import type { Random } from './random.ts';

type TargetType = AssociationType | 'system_group';
type SudoOptions = { sudo?: boolean; sudo_without_password?: boolean };

const TARGETS: readonly TargetType[] = ['system_group', ...ASSOCIATION_TYPES];
/** The sections of jumpcloud_host that are lists of edges. */
const SECTIONS: Readonly<Record<string, TargetType>> = {
  groups: 'system_group',
  users: 'user',
  user_groups: 'user_group',
  policies: 'policy',
  policy_groups: 'policy_group',
  commands: 'command',
};
const TEXTS = ['web', 'db', 'Ünïcode 😀', 'a "quoted" \\ text', ''];
const ATTRIBUTE_NAMES = ['env', 'owner', 'rack', 'ticket'];
const SUDO_OPTIONS: readonly SudoOptions[] = [
  {},
  {},
  { sudo: false },
  { sudo: true },
  { sudo: true, sudo_without_password: false },
  { sudo: true, sudo_without_password: true },
];
const EDGE_ATTRIBUTES: readonly EdgeAttributes[] = [
  undefined,
  { sudo: { enabled: false, withoutPassword: false } },
  { sudo: { enabled: true, withoutPassword: false } },
  { sudo: { enabled: true, withoutPassword: true } },
];
const BOOLEAN_FIELDS = {
  allow_ssh_root_login: 'allowSshRootLogin',
  allow_ssh_password_authentication: 'allowSshPasswordAuthentication',
  allow_public_key_authentication: 'allowPublicKeyAuthentication',
  allow_multi_factor_authentication: 'allowMultiFactorAuthentication',
} as const;

/** The ids of all objects in an organisation, by type. */
export type IdsByType = Readonly<Record<TargetType, readonly string[]>>;

/** Adds objects to an organisation and associates some of them with each system. */
export function addRandomObjects(
  store: Store,
  systemIds: readonly string[],
  random: Random,
): IdsByType {
  const make = (type: TargetType, size = 8) =>
    Array.from({ length: size }, () =>
      type === 'system_group' ? store.addGroup() : store.add(type),
    );
  const idsByType = Object.fromEntries(TARGETS.map((type) => [type, make(type)])) as Record<
    TargetType,
    string[]
  >;
  store.flatPrimaryUser = random.chance(0.5);
  for (const [id, members] of store.userGroups) {
    for (const user of random.pickSome(idsByType.user, 3)) members.add(user);
    store.userGroups.set(id, members);
  }
  for (const systemId of systemIds) {
    Object.assign(store.record(systemId), randomRecord(idsByType, random));
    for (const type of TARGETS) {
      for (const id of idsByType[type].filter(() => random.chance(0.3))) {
        if (type === 'system_group') store.join(systemId, id);
        else store.associate(systemId, type, id, randomAttributes(type, random));
      }
    }
  }
  return idsByType;
}

/**
 * Makes the system a member of `count` new groups, so that its list of groups has several pages.
 */
export function joinManyGroups(store: Store, systemId: string, count: number): void {
  for (let i = 0; i < count; i++) store.join(systemId, store.addGroup());
}

/** The system and the objects that a random call can use. */
export interface Subject {
  readonly systemId: string;
  readonly idsByType: IdsByType;
  /**
   * True if the system has more groups than a run with random faults can leave.
   */
  readonly isCrowded: boolean;
}

/** Returns random options for a module. */
export function randomOptions(
  module: ModuleName,
  subject: Subject,
  random: Random,
): Record<string, unknown> {
  const { idsByType, systemId } = subject;
  const type = random.pick('command', 'policy', 'policy_group', 'user_group');
  switch (module) {
    case 'jumpcloud_system':
      return randomSettings(idsByType, random);
    case 'jumpcloud_group_membership':
      return randomEdges('system_group', subject, random);
    case 'jumpcloud_user_binding':
      return randomEdges('user', subject, random);
    case 'jumpcloud_association':
      return { type, ...randomEdges(type, subject, random) };
    case 'jumpcloud_removal':
      return randomRemoval(systemId, random);
    case 'jumpcloud_host':
      return randomDocument(idsByType, random);
    default:
      throw new Error(`randomOptions has no options for ${module}. Add them there.`);
  }
}

function randomRecord(idsByType: IdsByType, random: Random): Partial<SystemRecord> {
  const booleanFields = Object.values(BOOLEAN_FIELDS).map((field) => [field, random.chance(0.5)]);
  return {
    displayName: random.pick(...TEXTS),
    ...(random.chance(0.7) && { description: random.pick(...TEXTS) }),
    ...Object.fromEntries(booleanFields),
    attributes: random
      .pickSome(ATTRIBUTE_NAMES, 4)
      .map((name) => ({ name, value: random.pick(...TEXTS) })),
    primarySystemUser: {
      id: random.pick(null, idsByType.user[0] ?? null, idsByType.user[1] ?? null),
    },
  };
}

function randomAttributes(type: AssociationType, random: Random): EdgeAttributes {
  return type === 'user' || type === 'user_group' ? random.pick(...EDGE_ATTRIBUTES) : undefined;
}

function randomSettings(idsByType: IdsByType, random: Random): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  if (random.chance(0.5)) options['display_name'] = random.pick(...TEXTS);
  if (random.chance(0.5)) options['description'] = random.pick(...TEXTS);
  for (const option of Object.keys(BOOLEAN_FIELDS)) {
    if (random.chance(0.3)) options[option] = random.chance(0.5);
  }
  if (random.chance(0.4)) {
    options['primary_user'] = random.pick('', idsByType.user[0] ?? '', idsByType.user[1] ?? '');
  }
  if (random.chance(0.5)) {
    const attributes = random
      .pickSome(ATTRIBUTE_NAMES, 3)
      .map((name) => [name, random.pick(null, ...TEXTS)]);
    options['attributes'] = Object.fromEntries(attributes);
    options['purge_attributes'] = random.chance(0.3);
  }
  if (random.chance(0.1)) options['settle'] = 0.5;
  return options;
}

function randomEdges(type: TargetType, subject: Subject, random: Random): Record<string, unknown> {
  // With random faults, leaving a hundred groups takes longer than the default timeout.
  const modes = ['present', 'present', 'absent', subject.isCrowded ? 'present' : 'exclusive'];
  const mode = random.pick(...modes);
  const ids = random.pickSome(subject.idsByType[type], 5);
  const sharedSudo = random.pick(...SUDO_OPTIONS);
  const sudo = () => (mode === 'absent' ? {} : random.pick(...SUDO_OPTIONS));
  const modeOptions = {
    state: mode === 'absent' ? mode : 'present',
    exclusive: mode === 'exclusive',
  };
  if (type === 'user') return { users: ids.map((id) => ({ id, ...sudo() })), ...modeOptions };
  if (type === 'system_group') return { groups: ids, ...modeOptions };
  return { ids, ...modeOptions, ...(mode !== 'absent' && type === 'user_group' && sharedSudo) };
}

function randomDocument(idsByType: IdsByType, random: Random): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const exclusive: string[] = [];
  const keep: Record<string, readonly string[]> = {};
  for (const [section, type] of Object.entries(SECTIONS)) {
    if (!random.chance(0.6)) continue;
    const ids = random.pickSome(idsByType[type], 4);
    const hasSudo = type === 'user' || type === 'user_group';
    options[section] = hasSudo ? ids.map((id) => ({ id, ...random.pick(...SUDO_OPTIONS) })) : ids;
    if (!random.chance(0.4)) continue;
    exclusive.push(section);
    const kept = random.chance(0.5) ? random.pickSome(idsByType[type], 2) : [];
    if (kept.length > 0) keep[section] = kept;
  }
  const hasLists = Object.keys(options).length > 0;
  if (!hasLists || random.chance(0.6)) options['system'] = randomSettings(idsByType, random);
  return { ...options, exclusive, ...(Object.keys(keep).length > 0 && { keep }) };
}

function randomRemoval(systemId: string, random: Random): Record<string, unknown> {
  const scope = random.pick('system', 'associations');
  return {
    scope,
    ...(scope === 'system' && { purge_identity: random.chance(0.5) }),
    ...(random.chance(0.5) && { system_id: systemId }),
  };
}
