import { randomBytes } from 'node:crypto';
import { ASSUMED_BEHAVIOUR, type Behaviour } from './behaviour.ts';
import { newRecord } from './new-record.ts';
import { seededRandom } from './seeded-random.ts';
import { type Role, ServiceAccounts } from './service-accounts.ts';
import type {
  AssociationType,
  Description,
  EdgeAttributes,
  ObjectType,
  SystemRecord,
} from './types.ts';

/** Returns a new, random object id. */
export function newId(): string {
  return randomBytes(12).toString('hex');
}

/** Returns a generator of object ids. The same seed gives the same ids. */
function seededIds(seed: number): () => string {
  const random = seededRandom(seed);
  const digits = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0');
  return () => digits() + digits() + digits();
}

interface StoredSystem {
  record: SystemRecord;
  readonly publicKey: string;
  readonly ineligible: boolean;
}

const DEFAULT_DESCRIPTION = { membershipMethod: 'STATIC' } as const;

/** The properties of an administrator's API key. */
interface ApiKey {
  /** Whether the key also gives access to other organisations. */
  readonly multiTenant: boolean;
  /** The role of the administrator. By default, all emulated requests are allowed. */
  readonly role?: Role;
}

/** The edges of one object. A key such as `user:ID` names the object at the other end. */
type EdgeMap = Map<string, EdgeAttributes>;

/** The objects of one organisation. Tests read and change them here. */
export class Store {
  /** Returns an id for a new object: reproducible with a seed, otherwise random. */
  readonly newId: () => string;
  readonly systems = new Map<string, StoredSystem>();
  readonly groups = new Map<string, Set<string>>();
  readonly userGroups = new Map<string, Set<string>>();
  readonly objects: Record<Exclude<AssociationType, 'user_group'>, Set<string>> = {
    command: new Set(),
    policy: new Set(),
    policy_group: new Set(),
    user: new Set(),
  };
  /** The edges from system groups to users and user groups, by the id of the system group. */
  readonly groupEdges = new Map<string, EdgeMap>();
  readonly #edges = new Map<string, EdgeMap>();
  /** Administrators' API keys. */
  readonly apiKeys = new Map<string, ApiKey>();
  readonly serviceAccounts = new ServiceAccounts(() => this.newId());
  readonly organisationId: string;
  readonly #descriptions = new Map<string, Partial<Description>>();
  /**
   * Whether records have the key `primarySystemUser.id` instead of a nested `primarySystemUser`.
   */
  flatPrimaryUser = false;
  /** Whether lists have their total count: `X-Total-Count` or `totalCount`. */
  listsAreCounted = true;
  /** The undocumented behaviour of JumpCloud. */
  behaviour: Behaviour = ASSUMED_BEHAVIOUR;
  readonly #deleted = new Set<string>();
  readonly #formerSystems = new Set<string>();

  constructor(seed?: number) {
    this.newId = seed === undefined ? newId : seededIds(seed);
    this.organisationId = this.newId();
  }

  addSystem(record: SystemRecord, publicKey: string, ineligible = false): void {
    this.systems.set(record.id, { record, publicKey, ineligible });
    this.#edges.set(record.id, new Map());
  }
  /** Adds the record of a host without an agent. Only administrators can access it. */
  addRecord(fields: Partial<SystemRecord> = {}): string {
    const id = fields._id ?? this.newId();
    this.addSystem({ ...newRecord(id, fields) }, '');
    return id;
  }
  removeSystem(id: string): void {
    if (this.systems.delete(id)) this.#formerSystems.add(id);
    this.#edges.delete(id);
    for (const members of this.groups.values()) members.delete(id);
  }
  /** Returns whether a system with this id was removed. */
  wasRemoved(id: string): boolean {
    return this.#formerSystems.has(id);
  }
  addGroup(id = this.newId()): string {
    this.groups.set(id, new Set());
    return id;
  }
  addUser(id = this.newId()): string {
    this.objects.user.add(id);
    return id;
  }
  addUserGroup(members: readonly string[] = [], id = this.newId()): string {
    this.userGroups.set(id, new Set(members));
    return id;
  }
  addObject(type: 'command' | 'policy' | 'policy_group' | 'user', id = this.newId()): string {
    this.objects[type].add(id);
    return id;
  }
  /** Adds an object that a system can be associated with. A new user group has no members. */
  add(type: AssociationType, id = this.newId()): string {
    return type === 'user_group' ? this.addUserGroup([], id) : this.addObject(type, id);
  }
  /** Adds an object of any type, with a name or description that administrators see. */
  addNamed(type: ObjectType, named: string | Partial<Description>, id = this.newId()): string {
    if (type === 'system_group') this.addGroup(id);
    else this.add(type, id);
    this.updateDescription(type, id, typeof named === 'string' ? { name: named } : named);
    return id;
  }
  /** Changes the given parts of an object's description. */
  updateDescription(type: ObjectType, id: string, part: Partial<Description>): void {
    const key = `${type}:${id}`;
    this.#descriptions.set(key, { ...this.#descriptions.get(key), ...part });
  }
  /** Returns an object's description. The default name is unique. */
  descriptionOf(type: ObjectType, id: string): Description {
    const part = this.#descriptions.get(`${type}:${id}`) ?? {};
    const { name = `${type}-${id}` } = part;
    return { name, email: `${name}@example.com`, ...DEFAULT_DESCRIPTION, ...part };
  }
  idsOf(type: ObjectType): string[] {
    if (type === 'system_group') return [...this.groups.keys()];
    return type === 'user_group' ? [...this.userGroups.keys()] : [...this.objects[type]];
  }
  exists(type: ObjectType | 'system', id: string): boolean {
    if (this.#deleted.has(id)) return false;
    if (type === 'system') return this.systems.has(id);
    if (type === 'system_group') return this.groups.has(id);
    return type === 'user_group' ? this.userGroups.has(id) : this.objects[type].has(id);
  }
  /** Deletes an object as JumpCloud does: lists omit it and its edges, but still count them. */
  delete(id: string): void {
    this.#deleted.add(id);
  }
  record(systemId: string): SystemRecord {
    const found = this.systems.get(systemId);
    if (found === undefined) throw new Error(`no system ${systemId}`);
    return found.record;
  }

  addApiKey(properties: Partial<ApiKey> = {}): string {
    const key = `jca_${this.newId()}${this.newId()}`;
    this.apiKeys.set(key, { multiTenant: false, ...properties });
    return key;
  }

  join(systemId: string, groupId: string): void {
    this.groups.get(groupId)?.add(systemId);
  }
  leave(systemId: string, groupId: string): void {
    this.groups.get(groupId)?.delete(systemId);
  }
  groupsOf(systemId: string): string[] {
    return [...this.groups].filter(([, members]) => members.has(systemId)).map(([id]) => id);
  }

  associate(
    systemId: string,
    type: AssociationType,
    id: string,
    attributes?: EdgeAttributes,
  ): void {
    this.#edgesFrom(systemId).set(`${type}:${id}`, attributes);
  }
  dissociate(systemId: string, type: AssociationType, id: string): void {
    this.#edgesFrom(systemId).delete(`${type}:${id}`);
  }
  hasEdge(systemId: string, type: AssociationType, id: string): boolean {
    return this.#edgesFrom(systemId).has(`${type}:${id}`);
  }
  /**
   * Returns a system's direct edges to objects of a type, in the order in which they were added.
   */
  edgesOf(systemId: string, type: AssociationType): [id: string, attributes: EdgeAttributes][] {
    return [...this.#edgesFrom(systemId)]
      .filter(([key]) => key.startsWith(`${type}:`))
      .map(([key, attributes]) => [key.slice(type.length + 1), attributes]);
  }
  /** Returns all groups and edges of a system, so that tests can compare them. */
  snapshot(systemId: string): { groups: string[]; edges: [string, EdgeAttributes][] } {
    const edges = [...(this.#edges.get(systemId) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
    return { groups: this.groupsOf(systemId).sort(), edges };
  }

  /** Returns an independent copy of the parts that systems see. */
  copy(): Store {
    const copy = new Store();
    copy.flatPrimaryUser = this.flatPrimaryUser;
    copy.behaviour = this.behaviour;
    copy.listsAreCounted = this.listsAreCounted;
    for (const id of this.#deleted) copy.#deleted.add(id);
    fill(copy.systems, this.systems);
    fill(copy.groups, this.groups);
    fill(copy.userGroups, this.userGroups);
    fill(copy.groupEdges, this.groupEdges);
    fill(copy.#edges, this.#edges);
    Object.assign(copy.objects, structuredClone(this.objects));
    return copy;
  }

  #edgesFrom(systemId: string): EdgeMap {
    return this.#edges.get(systemId) ?? new Map();
  }
}

function fill<T>(to: Map<string, T>, from: ReadonlyMap<string, T>): void {
  for (const [key, value] of structuredClone(from)) to.set(key, value);
}
