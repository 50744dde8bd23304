import type { EdgeAttributes, SystemRecord } from '../../emulator/types.ts';
import fc from '../../harness/fast-check.ts';
import {
  ATTRIBUTE_CHOICES,
  COMMANDS,
  type EdgeKind,
  GROUPS,
  POLICIES,
  POLICY_GROUPS,
  SUDO_CHOICES,
  type Sudo,
  USER_GROUPS,
  USERS,
} from '../edges/edge-kind.ts';

/** The kind of edge that each section of a document lists. */
export const EDGE_KINDS = {
  groups: GROUPS,
  users: USERS,
  user_groups: USER_GROUPS,
  policies: POLICIES,
  policy_groups: POLICY_GROUPS,
  commands: COMMANDS,
} as const satisfies Record<string, EdgeKind>;

export type EdgeSection = keyof typeof EDGE_KINDS;
export const EDGE_SECTIONS = Object.keys(EDGE_KINDS) as EdgeSection[];

/** The number of objects of one kind in a case. */
export const POOL_SIZE = 5;

/** A reference to the object at `index` of its pool. */
interface PoolIndex {
  readonly index: number;
}

/** One section of a case: the existing edges, and the edges that the document lists. */
export interface SectionCase {
  readonly before: readonly (PoolIndex & { readonly attributes: EdgeAttributes })[];
  /** Undefined if the document lacks the section. */
  readonly desired: readonly (PoolIndex & Partial<Sudo>)[] | undefined;
  readonly exclusive: boolean;
  /** Undefined if the section is not exclusive. */
  readonly keep: readonly number[] | undefined;
}

/** A host, the objects of its organisation, and a document for the host. */
export interface HostCase {
  readonly record: Partial<SystemRecord>;
  /** The primary user in the record and in the document, as an index in the pool of users. */
  readonly primary: { readonly before: number | undefined; readonly desired: number | '' };
  /** True if the record has the key `primarySystemUser.id` instead of a nested object. */
  readonly hasFlatPrimaryUser: boolean;
  /** The options of the section `system`. Undefined if the document lacks the section. */
  readonly system: Readonly<Record<string, unknown>> | undefined;
  readonly sections: Readonly<Record<EdgeSection, SectionCase>>;
  /** The indexes of the users in each user group. */
  readonly members: readonly (readonly number[])[];
  /** For each system group, the indexes of the user groups that are bound to its systems. */
  readonly boundUserGroups: readonly (readonly number[])[];
  /** If true, the document has upper-case ids, and bare ids for items without other keys. */
  readonly isRespelled: boolean;
}

const index = fc.nat({ max: POOL_SIZE - 1 });
const indexes = fc.uniqueArray(index, { maxLength: POOL_SIZE });
const text = fc.constantFrom('web', 'db', 'Ünïcode 😀', 'a "quoted" \\ text', '');
const attributeName = fc.constantFrom('env', 'owner', 'rack', 'ticket');

const uniqueByIndex = <T>(entry: fc.Arbitrary<T & PoolIndex>) =>
  fc.uniqueArray(entry, { selector: (item) => item.index, maxLength: POOL_SIZE });

function sectionCase({ sudo }: EdgeKind): fc.Arbitrary<SectionCase> {
  const attributes = sudo === 'none' ? [undefined] : ATTRIBUTE_CHOICES;
  const sudoOptions = sudo === 'none' ? [{}] : SUDO_CHOICES;
  const desired = uniqueByIndex(
    fc.record({ index, sudo: fc.constantFrom(...sudoOptions) }).map((item) => ({
      index: item.index,
      ...item.sudo,
    })),
  );
  return fc
    .record({
      before: uniqueByIndex(fc.record({ index, attributes: fc.constantFrom(...attributes) })),
      desired: fc.option(desired, { nil: undefined, freq: 3 }),
      exclusive: fc.boolean(),
      keep: fc.option(indexes, { nil: undefined }),
    })
    .map(({ before, desired, exclusive, keep }) => ({
      before,
      desired,
      exclusive: exclusive && desired !== undefined,
      keep: exclusive && desired !== undefined ? keep : undefined,
    }));
}

const record: fc.Arbitrary<Partial<SystemRecord>> = fc.record(
  {
    displayName: text,
    description: text,
    allowSshRootLogin: fc.boolean(),
    allowMultiFactorAuthentication: fc.boolean(),
    attributes: fc.uniqueArray(fc.record({ name: attributeName, value: text }), {
      selector: ({ name }) => name,
    }),
  },
  { requiredKeys: ['displayName', 'attributes'] },
);

const settings = fc
  .record(
    {
      display_name: text,
      description: text,
      allow_ssh_root_login: fc.boolean(),
      allow_multi_factor_authentication: fc.boolean(),
      primary_user: fc.constant(true),
      attributes: fc.dictionary(attributeName, fc.option(text), { noNullPrototype: true }),
      purge_attributes: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  .map(({ purge_attributes, ...rest }) =>
    rest.attributes === undefined ? rest : { ...rest, purge_attributes },
  );

/** Generates a host and a document with at least one section. */
export const hostCase: fc.Arbitrary<HostCase> = fc
  .record({
    record,
    primary: fc.record({
      before: fc.option(index, { nil: undefined }),
      desired: fc.oneof(index, fc.constant('' as const)),
    }),
    hasFlatPrimaryUser: fc.boolean(),
    system: fc.option(settings, { nil: undefined, freq: 3 }),
    sections: fc.record({
      groups: sectionCase(GROUPS),
      users: sectionCase(USERS),
      user_groups: sectionCase(USER_GROUPS),
      policies: sectionCase(POLICIES),
      policy_groups: sectionCase(POLICY_GROUPS),
      commands: sectionCase(COMMANDS),
    }),
    members: fc.array(indexes, { minLength: POOL_SIZE, maxLength: POOL_SIZE }),
    boundUserGroups: fc.array(fc.uniqueArray(index, { maxLength: 2 }), {
      minLength: POOL_SIZE,
      maxLength: POOL_SIZE,
    }),
    isRespelled: fc.boolean(),
  })
  .filter(
    ({ system, sections }) =>
      system !== undefined || Object.values(sections).some(({ desired }) => desired !== undefined),
  );
