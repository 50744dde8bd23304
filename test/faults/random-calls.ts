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
const NAMES = ['env', 'owner', 'rack', 'ticket'];
const SUDO: readonly SudoOptions[] = [
  {},
  {},
  { sudo: false },
  { sudo: true },
  { sudo: true, sudo_without_password: false },
  { sudo: true, sudo_without_password: true },
];
const ATTRIBUTES: readonly EdgeAttributes[] = [
  undefined,
  { sudo: { enabled: false, withoutPassword: false } },
  { sudo: { enabled: true, withoutPassword: false } },
  { sudo: { enabled: true, withoutPassword: true } },
];
const SWITCHES = {
  allow_ssh_root_login: 'allowSshRootLogin',
  allow_ssh_password_authentication: 'allowSshPasswordAuthentication',
  allow_public_key_authentication: 'allowPublicKeyAuthentication',
  allow_multi_factor_authentication: 'allowMultiFactorAuthentication',
} as const;

/** The object ids of an organisation, by type. */
export type Pools = Readonly<Record<TargetType, readonly string[]>>;

/** Adds objects to an organisation and associates some of them with each system. */
export function addRandomObjects(
  store: Store,
  systemIds: readonly string[],
  random: Random,
): Pools {
  const make = (type: TargetType, size = 8) =>
    Array.from({ length: size }, () =>
      type === 'system_group' ? store.addGroup() : store.add(type),
    );
  const pools = Object.fromEntries(TARGETS.map((type) => [type, make(type)])) as Record<
    TargetType,
    string[]
  >;
  store.flatPrimaryUser = random.chance(0.5);
  for (const [id, members] of store.userGroups) {
    for (const user of random.some(pools.user, 3)) members.add(user);
    store.userGroups.set(id, members);
  }
  for (const systemId of systemIds) {
    Object.assign(store.record(systemId), randomRecord(pools, random));
    for (const type of TARGETS) {
      for (const id of pools[type].filter(() => random.chance(0.3))) {
        if (type === 'system_group') store.join(systemId, id);
        else store.associate(systemId, type, id, randomAttributes(type, random));
      }
    }
  }
  return pools;
}

/** Makes the system a member of `count` new groups, so that its list has several pages. */
export function joinManyGroups(store: Store, systemId: string, count: number): void {
  for (let i = 0; i < count; i++) store.join(systemId, store.addGroup());
}

/** The system and objects that a random call is about. */
export interface Subject {
  readonly systemId: string;
  readonly pools: Pools;
  /** Whether the system has more groups than one run with random faults can leave. */
  readonly isCrowded: boolean;
}

/** Returns random options for a module. */
export function randomOptions(
  module: ModuleName,
  subject: Subject,
  random: Random,
): Record<string, unknown> {
  const { pools, systemId } = subject;
  const type = random.of('command', 'policy', 'policy_group', 'user_group');
  switch (module) {
    case 'jumpcloud_system':
      return randomSettings(pools, random);
    case 'jumpcloud_group_membership':
      return randomEdges('system_group', subject, random);
    case 'jumpcloud_user_binding':
      return randomEdges('user', subject, random);
    case 'jumpcloud_association':
      return { type, ...randomEdges(type, subject, random) };
    case 'jumpcloud_removal':
      return randomRemoval(systemId, random);
    case 'jumpcloud_host':
      return randomDocument(pools, random);
    default:
      throw new Error(`randomOptions has no options for ${module}; add them there`);
  }
}

function randomRecord(pools: Pools, random: Random): Partial<SystemRecord> {
  const switches = Object.values(SWITCHES).map((field) => [field, random.chance(0.5)]);
  return {
    displayName: random.of(...TEXTS),
    ...(random.chance(0.7) && { description: random.of(...TEXTS) }),
    ...Object.fromEntries(switches),
    attributes: random.some(NAMES, 4).map((name) => ({ name, value: random.of(...TEXTS) })),
    primarySystemUser: { id: random.of(null, pools.user[0] ?? null, pools.user[1] ?? null) },
  };
}

function randomAttributes(type: AssociationType, random: Random): EdgeAttributes {
  return type === 'user' || type === 'user_group' ? random.of(...ATTRIBUTES) : undefined;
}

function randomSettings(pools: Pools, random: Random): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  if (random.chance(0.5)) options['display_name'] = random.of(...TEXTS);
  if (random.chance(0.5)) options['description'] = random.of(...TEXTS);
  for (const option of Object.keys(SWITCHES)) {
    if (random.chance(0.3)) options[option] = random.chance(0.5);
  }
  if (random.chance(0.4)) {
    options['primary_user'] = random.of('', pools.user[0] ?? '', pools.user[1] ?? '');
  }
  if (random.chance(0.5)) {
    const attributes = random.some(NAMES, 3).map((name) => [name, random.of(null, ...TEXTS)]);
    options['attributes'] = Object.fromEntries(attributes);
    options['purge_attributes'] = random.chance(0.3);
  }
  if (random.chance(0.1)) options['settle'] = 0.5;
  return options;
}

function randomEdges(type: TargetType, subject: Subject, random: Random): Record<string, unknown> {
  // With random faults, leaving a hundred groups takes longer than the default timeout.
  const modes = ['present', 'present', 'absent', subject.isCrowded ? 'present' : 'exclusive'];
  const mode = random.of(...modes);
  const ids = random.some(subject.pools[type], 5);
  const sharedSudo = random.of(...SUDO);
  const sudo = () => (mode === 'absent' ? {} : random.of(...SUDO));
  const rest = { state: mode === 'absent' ? mode : 'present', exclusive: mode === 'exclusive' };
  if (type === 'user') return { users: ids.map((id) => ({ id, ...sudo() })), ...rest };
  if (type === 'system_group') return { groups: ids, ...rest };
  return { ids, ...rest, ...(mode !== 'absent' && type === 'user_group' && sharedSudo) };
}

function randomDocument(pools: Pools, random: Random): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const exclusive: string[] = [];
  const keep: Record<string, readonly string[]> = {};
  for (const [section, type] of Object.entries(SECTIONS)) {
    if (!random.chance(0.6)) continue;
    const ids = random.some(pools[type], 4);
    const hasSudo = type === 'user' || type === 'user_group';
    options[section] = hasSudo ? ids.map((id) => ({ id, ...random.of(...SUDO) })) : ids;
    if (!random.chance(0.4)) continue;
    exclusive.push(section);
    const kept = random.chance(0.5) ? random.some(pools[type], 2) : [];
    if (kept.length > 0) keep[section] = kept;
  }
  const hasLists = Object.keys(options).length > 0;
  if (!hasLists || random.chance(0.6)) options['system'] = randomSettings(pools, random);
  return { ...options, exclusive, ...(Object.keys(keep).length > 0 && { keep }) };
}

function randomRemoval(systemId: string, random: Random): Record<string, unknown> {
  const scope = random.of('system', 'associations');
  return {
    scope,
    ...(scope === 'system' && { purge_identity: random.chance(0.5) }),
    ...(random.chance(0.5) && { system_id: systemId }),
  };
}
