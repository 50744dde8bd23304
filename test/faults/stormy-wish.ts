import type { Store } from '../emulator/store.ts';
import {
  ASSOCIATION_TYPES,
  type AssociationType,
  type EdgeAttributes,
  type SystemRecord,
} from '../emulator/types.ts';
import type { ModuleName } from '../harness/executable.ts';
import { grantOf, meaningOf, type Organisation } from './organisation.ts';
import type { Random } from './random.ts';

/** A call of a module, and what has to come of it by its documentation. */
export interface Wish {
  readonly module: ModuleName;
  readonly options: Record<string, unknown>;
  /** What the organisation means afterwards. */
  readonly expected: Organisation;
}

type Target = AssociationType | 'system_group';
type Sudo = { sudo?: boolean; sudo_without_password?: boolean };

const TARGETS: readonly Target[] = ['system_group', ...ASSOCIATION_TYPES];
/** The sections of jumpcloud_host that are lists of edges. */
const SECTIONS: Readonly<Record<string, Target>> = {
  groups: 'system_group',
  users: 'user',
  user_groups: 'user_group',
  policies: 'policy',
  policy_groups: 'policy_group',
  commands: 'command',
};
const TEXTS = ['web', 'db', 'Ünïcode 😀', 'a "quoted" \\ text', ''];
const NAMES = ['env', 'owner', 'rack', 'ticket'];
const SUDO: readonly Sudo[] = [
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

/** The objects of an organisation, by type. */
export type Pools = Readonly<Record<Target, readonly string[]>>;

/** Fills an organisation with objects, of which some are tied to each of the systems. */
export function populate(store: Store, systemIds: readonly string[], random: Random): Pools {
  const make = (type: Target, size = 8) =>
    Array.from({ length: size }, () =>
      type === 'system_group' ? store.addGroup() : store.add(type),
    );
  const pools = Object.fromEntries(TARGETS.map((type) => [type, make(type)])) as Record<
    Target,
    string[]
  >;
  store.flatPrimaryUser = random.chance(0.5);
  for (const [id, members] of store.userGroups) {
    for (const user of random.some(pools.user, 3)) members.add(user);
    store.userGroups.set(id, members);
  }
  for (const systemId of systemIds) {
    Object.assign(store.record(systemId), someRecord(pools, random));
    for (const type of TARGETS) {
      for (const id of pools[type].filter(() => random.chance(0.3))) {
        if (type === 'system_group') store.join(systemId, id);
        else store.associate(systemId, type, id, someAttributes(type, random));
      }
    }
  }
  return pools;
}

/** Adds so many groups of which a system is a member: its list then has more than one page. */
export function joinMany(store: Store, systemId: string, count: number): void {
  for (let i = 0; i < count; i++) store.join(systemId, store.addGroup());
}

/** A call at random, with what has to come of it. `before` is the organisation as it is. */
export function someWish(
  module: ModuleName,
  systemId: string,
  pools: Pools,
  before: Organisation,
  random: Random,
): Wish {
  const expected = new Map(meaningOf(before));
  const type = random.of('command', 'policy', 'policy_group', 'user_group');
  let options: Record<string, unknown>;
  switch (module) {
    case 'jumpcloud_system':
      options = wishRecord(systemId, pools, expected, random);
      break;
    case 'jumpcloud_group_membership':
      options = wishEdges('system_group', systemId, pools, expected, random);
      break;
    case 'jumpcloud_user_binding':
      options = wishEdges('user', systemId, pools, expected, random);
      break;
    case 'jumpcloud_association':
      options = { type, ...wishEdges(type, systemId, pools, expected, random) };
      break;
    case 'jumpcloud_removal':
      options = wishRemoval(systemId, expected, random);
      break;
    case 'jumpcloud_host':
      options = wishHost(systemId, pools, expected, random);
      break;
    default:
      throw new Error(`nobody has said what ${module} may be asked in a storm; do it in someWish`);
  }
  return { module, options, expected };
}

function someRecord(pools: Pools, random: Random): Partial<SystemRecord> {
  const switches = Object.values(SWITCHES).map((field) => [field, random.chance(0.5)]);
  return {
    displayName: random.of(...TEXTS),
    ...(random.chance(0.7) && { description: random.of(...TEXTS) }),
    ...Object.fromEntries(switches),
    attributes: random.some(NAMES, 4).map((name) => ({ name, value: random.of(...TEXTS) })),
    primarySystemUser: { id: random.of(null, pools.user[0] ?? null, pools.user[1] ?? null) },
  };
}

function someAttributes(type: AssociationType, random: Random): EdgeAttributes {
  return type === 'user' || type === 'user_group' ? random.of(...ATTRIBUTES) : undefined;
}

function wishRecord(
  systemId: string,
  pools: Pools,
  expected: Map<string, string>,
  random: Random,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const set = (field: string, value: unknown) =>
    expected.set(`${systemId} record ${field}`, JSON.stringify(value));
  const text = (option: string, field: string) => {
    const value = random.of(...TEXTS);
    options[option] = value;
    set(field, value);
  };
  if (random.chance(0.5)) text('display_name', 'displayName');
  if (random.chance(0.5)) text('description', 'description');
  for (const [option, field] of Object.entries(SWITCHES)) {
    if (!random.chance(0.3)) continue;
    options[option] = random.chance(0.5);
    set(field, options[option]);
  }
  if (random.chance(0.4)) {
    const user = random.of('', pools.user[0] ?? '', pools.user[1] ?? '');
    options['primary_user'] = user;
    set('primarySystemUser', { id: user || null });
  }
  if (random.chance(0.5)) {
    const wanted = random
      .some(NAMES, 3)
      .map((name) => [name, random.of(null, ...TEXTS)] as [string, string | null]);
    const purge = random.chance(0.3);
    const key = `${systemId} record attributes`;
    const held: { name: string; value: string }[] = JSON.parse(expected.get(key) ?? '[]');
    const merged = new Map(purge ? [] : held.map(({ name, value }) => [name, value]));
    for (const [name, value] of wanted) {
      if (value === null) merged.delete(name);
      else merged.set(name, value);
    }
    const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : 1));
    set(
      'attributes',
      sorted.map(([name, value]) => ({ name, value })),
    );
    options['attributes'] = Object.fromEntries(wanted);
    options['purge_attributes'] = purge;
  }
  if (random.chance(0.1)) options['settle'] = 0.5;
  return options;
}

function wishEdges(
  type: Target,
  systemId: string,
  pools: Pools,
  expected: Map<string, string>,
  random: Random,
): Record<string, unknown> {
  const prefix = `${systemId} ${type}:`;
  const held = [...expected.keys()].filter((key) => key.startsWith(prefix));
  // To leave a hundred groups one by one takes a storm longer than the default timeout.
  const modes = ['present', 'present', 'absent', held.length > 50 ? 'present' : 'exclusive'];
  const mode = random.of(...modes);
  const ids = random.some(pools[type], 5);
  const one = random.of(...SUDO);
  const sudoOf = new Map(
    ids.map((id) => {
      if (mode === 'absent') return [id, {}];
      if (type === 'user') return [id, random.of(...SUDO)];
      return [id, type === 'user_group' ? one : {}];
    }),
  );
  if (mode === 'absent') for (const id of ids) expected.delete(prefix + id);
  else expectEdges(type, systemId, expected, sudoOf, mode === 'exclusive' ? [] : undefined);
  const rest = { state: mode === 'absent' ? mode : 'present', exclusive: mode === 'exclusive' };
  if (type === 'user') return { users: ids.map((id) => ({ id, ...sudoOf.get(id) })), ...rest };
  if (type === 'system_group') return { groups: ids, ...rest };
  return { ids, ...rest, ...(mode !== 'absent' && type === 'user_group' && one) };
}

/** Expects edges; with a list of what is kept, no others than these. */
function expectEdges(
  type: Target,
  systemId: string,
  expected: Map<string, string>,
  sudoOf: ReadonlyMap<string, Sudo>,
  kept: readonly string[] | undefined,
): void {
  const prefix = `${systemId} ${type}:`;
  if (kept !== undefined) {
    const stays = new Set([...sudoOf.keys(), ...kept].map((id) => prefix + id));
    for (const key of expected.keys()) {
      if (key.startsWith(prefix) && !stays.has(key)) expected.delete(key);
    }
  }
  for (const [id, sudo] of sudoOf) {
    expected.set(prefix + id, edgeAfter(type, sudo, expected.get(prefix + id)));
  }
}

/** What an edge that is wanted says afterwards; `was` is undefined when it is new. */
function edgeAfter(type: Target, wish: Sudo, was: string | undefined): string {
  if (type === 'system_group') return 'member';
  if (type !== 'user' && type !== 'user_group') return 'null';
  const enabled = wish.sudo ?? (was !== undefined && was !== 'none');
  const withoutPassword = wish.sudo_without_password ?? was === 'sudo without password';
  return grantOf(JSON.stringify({ sudo: { enabled, withoutPassword } }));
}

function wishHost(
  systemId: string,
  pools: Pools,
  expected: Map<string, string>,
  random: Random,
): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  const exclusive: string[] = [];
  const keep: Record<string, readonly string[]> = {};
  for (const [section, type] of Object.entries(SECTIONS)) {
    if (!random.chance(0.6)) continue;
    const ids = random.some(pools[type], 4);
    const hasSudo = type === 'user' || type === 'user_group';
    const sudoOf = new Map(ids.map((id) => [id, hasSudo ? random.of(...SUDO) : {}]));
    options[section] = hasSudo ? ids.map((id) => ({ id, ...sudoOf.get(id) })) : ids;
    const isExclusive = random.chance(0.4);
    const kept = isExclusive && random.chance(0.5) ? random.some(pools[type], 2) : [];
    if (isExclusive) exclusive.push(section);
    if (kept.length > 0) keep[section] = kept;
    expectEdges(type, systemId, expected, sudoOf, isExclusive ? kept : undefined);
  }
  const hasLists = Object.keys(options).length > 0;
  if (!hasLists || random.chance(0.6)) {
    options['system'] = wishRecord(systemId, pools, expected, random);
  }
  return { ...options, exclusive, ...(Object.keys(keep).length > 0 && { keep }) };
}

function wishRemoval(
  systemId: string,
  expected: Map<string, string>,
  random: Random,
): Record<string, unknown> {
  const scope = random.of('system', 'associations');
  for (const key of expected.keys()) {
    const isRecord = key.startsWith(`${systemId} record `);
    if (key.startsWith(systemId) && (scope === 'system' || !isRecord)) expected.delete(key);
  }
  return {
    scope,
    ...(scope === 'system' && { purge_identity: random.chance(0.5) }),
    ...(random.chance(0.5) && { system_id: systemId }),
  };
}
