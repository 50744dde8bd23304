import fc from 'fast-check';
import type { EdgeAttributes, SystemRecord } from '../../emulator/types.ts';
import {
  anyAttributes,
  anySudo,
  COMMANDS,
  type EdgeKind,
  GROUPS,
  POLICIES,
  POLICY_GROUPS,
  type Sudo,
  USER_GROUPS,
  USERS,
} from '../edges/edge-kind.ts';

/** The sections of a document that are lists of edges, and what each is kept by on its own. */
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

/** Objects of one kind that a case plays with. */
export const POOL = 5;

/** Something that a case says of the object at `index` of its pool. */
interface At {
  readonly index: number;
}

/** What there is of one kind of edges, and what the document says of them. */
export interface SectionCase {
  readonly before: readonly (At & { readonly attributes: EdgeAttributes })[];
  /** Undefined when the document does not have the section. */
  readonly desired: readonly (At & Partial<Sudo>)[] | undefined;
  readonly exclusive: boolean;
  /** Only of an exclusive section. */
  readonly keep: readonly number[] | undefined;
}

/** A host, what the organisation around it looks like, and a document that describes it. */
export interface HostCase {
  readonly record: Partial<SystemRecord>;
  /** The primary user of record and document, by the index in the pool of users. */
  readonly primary: { readonly before: number | undefined; readonly desired: number | '' };
  /** Whether the primary user is shown as a flat key. */
  readonly flat: boolean;
  /** Options of jumpcloud_system; undefined when the document does not have the section. */
  readonly system: Readonly<Record<string, unknown>> | undefined;
  readonly sections: Readonly<Record<EdgeSection, SectionCase>>;
  /** The users in each user group. */
  readonly members: readonly (readonly number[])[];
  /** The user groups that each system group brings to its systems. */
  readonly brought: readonly (readonly number[])[];
  /** Ids in capitals, and where nothing more is said of an object, its bare id. */
  readonly loud: boolean;
}

const index = fc.nat({ max: POOL - 1 });
const indexes = fc.uniqueArray(index, { maxLength: POOL });
const text = fc.constantFrom('web', 'db', 'Ünïcode 😀', 'a "quoted" \\ text', '');
const attributeName = fc.constantFrom('env', 'owner', 'rack', 'ticket');

const someOf = <T>(entry: fc.Arbitrary<T & At>) =>
  fc.uniqueArray(entry, { selector: (one) => one.index, maxLength: POOL });

function sectionCase({ sudo }: EdgeKind): fc.Arbitrary<SectionCase> {
  const carried = sudo === 'none' ? [undefined] : anyAttributes;
  const asked = sudo === 'none' ? [{}] : anySudo;
  const desired = someOf(
    fc.record({ index, sudo: fc.constantFrom(...asked) }).map((one) => ({
      index: one.index,
      ...one.sudo,
    })),
  );
  return fc
    .record({
      before: someOf(fc.record({ index, attributes: fc.constantFrom(...carried) })),
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

/** Any host, and any document that says something. */
export const hostCase: fc.Arbitrary<HostCase> = fc
  .record({
    record,
    primary: fc.record({
      before: fc.option(index, { nil: undefined }),
      desired: fc.oneof(index, fc.constant('' as const)),
    }),
    flat: fc.boolean(),
    system: fc.option(settings, { nil: undefined, freq: 3 }),
    sections: fc.record({
      groups: sectionCase(GROUPS),
      users: sectionCase(USERS),
      user_groups: sectionCase(USER_GROUPS),
      policies: sectionCase(POLICIES),
      policy_groups: sectionCase(POLICY_GROUPS),
      commands: sectionCase(COMMANDS),
    }),
    members: fc.array(indexes, { minLength: POOL, maxLength: POOL }),
    brought: fc.array(fc.uniqueArray(index, { maxLength: 2 }), {
      minLength: POOL,
      maxLength: POOL,
    }),
    loud: fc.boolean(),
  })
  .filter(
    ({ system, sections }) =>
      system !== undefined || Object.values(sections).some(({ desired }) => desired !== undefined),
  );
