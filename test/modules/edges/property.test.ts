import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { EdgeAttributes } from '../../emulator/types.ts';
import { type Answer, predictionOf, runModule } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { enrolFor, writesOf } from './edge-host.ts';
import {
  anyAttributes,
  anySudo,
  asking,
  COMMANDS,
  type DesiredState,
  type EdgeKind,
  GROUPS,
  listed,
  newTargets,
  POLICIES,
  POLICY_GROUPS,
  type Sudo,
  USER_GROUPS,
  USERS,
} from './edge-kind.ts';

// Each case runs a module three times. As processes that would be minutes, so most cases run in
// this process, over the same socket, from options to result; a slice of them runs the built
// executables, which differ only in how they are called.
const CASES = 300;
const CASES_OF_EXECUTABLES = 10;

/** Objects of one kind that a case plays with. */
const POOL = 8;

type Runner = (
  module: EdgeKind['module'],
  options: Record<string, unknown>,
  check: boolean,
) => Promise<Answer>;

const executable: Runner = async (module, options, check) => {
  const { answer } = await runModule(module, options, {
    flags: check ? ['--check', '--diff'] : ['--diff'],
  });
  const { invocation: _, ...rest } = answer;
  return rest as Answer;
};

/** Something that a case says of the object at `index` of its pool. */
interface DesiredAt extends Partial<Sudo> {
  readonly index: number;
}

interface Case {
  readonly kind: EdgeKind;
  readonly before: readonly { readonly index: number; readonly attributes: EdgeAttributes }[];
  /** At most one per object, in the order in which they are asked for. */
  readonly desired: readonly DesiredAt[];
  readonly state: 'present' | 'absent';
  readonly exclusive: boolean;
  /** Ids in capitals, and where the module takes it, all of them twice. */
  readonly loud: boolean;
  /** Users, if the pool is of users, whom a user group lets in as well. */
  readonly throughGroup: readonly number[];
}

const index = fc.nat({ max: POOL - 1 });
const someOf = <T>(entry: fc.Arbitrary<T & { index: number }>) =>
  fc.uniqueArray(entry, { selector: ({ index }) => index, maxLength: POOL });

function caseOf(...kinds: EdgeKind[]): fc.Arbitrary<Case> {
  return fc
    .record({
      kind: fc.constantFrom(...kinds),
      before: someOf(fc.record({ index, attributes: fc.constantFrom(...anyAttributes) })),
      desired: someOf(fc.record({ index, desired: fc.constantFrom(...anySudo) })),
      mode: fc.constantFrom('present', 'present', 'absent', 'exclusive'),
      loud: fc.boolean(),
      throughGroup: fc.uniqueArray(index),
    })
    .map(({ kind, before, desired, mode, ...rest }) => {
      const state = mode === 'absent' ? 'absent' : 'present';
      const sudoOf = (own: Partial<Sudo>) => {
        if (kind.sudo === 'none' || state === 'absent') return {};
        return kind.sudo === 'each' ? own : (desired[0]?.desired ?? {});
      };
      return {
        ...rest,
        kind,
        state,
        exclusive: mode === 'exclusive',
        before: before.map(({ index, attributes }) => ({
          index,
          attributes: kind.sudo === 'none' ? undefined : attributes,
        })),
        desired: desired.map(({ index, desired }) => ({ index, ...sudoOf(desired) })),
      };
    });
}

/** What a case must come to, told from what is documented and from nothing of the product. */
function expected(given: Case, ids: readonly string[]) {
  const { kind, state, exclusive } = given;
  const after = new Map<string, Sudo>();
  const added: string[] = [];
  const updated: string[] = [];
  const removed: string[] = [];
  const shownBefore: unknown[] = [];
  const shownAfter: unknown[] = [];
  ids.forEach((id, index) => {
    const edge = given.before.find((entry) => entry.index === index);
    const desired = given.desired.find((entry) => entry.index === index);
    const was = edge && {
      sudo: edge.attributes?.sudo.enabled === true,
      sudo_without_password: edge.attributes?.sudo.withoutPassword === true,
    };
    const stays = desired ? state === 'present' : edge !== undefined && !exclusive;
    const willBe = stays ? sudoAfter(desired, was) : undefined;
    if (willBe) after.set(id, willBe);
    if (willBe && !was) added.push(id);
    if (!willBe && was) removed.push(id);
    if (willBe && was && JSON.stringify(willBe) !== JSON.stringify(was)) updated.push(id);

    if (!desired && !exclusive) return;
    const shows =
      desired && (desired.sudo !== undefined || desired.sudo_without_password !== undefined);
    const show = (sudo: Sudo) =>
      kind.target === 'system_group' ? id : shows ? { id, ...sudo } : { id };
    if (was) shownBefore.push(show(was));
    if (willBe) shownAfter.push(show(willBe));
  });
  const diff = { before: { [kind.option]: shownBefore }, after: { [kind.option]: shownAfter } };
  return { after, added, updated, removed, diff };
}

function sudoAfter(desired: Partial<Sudo> | undefined, was: Sudo | undefined): Sudo {
  const sudo = desired?.sudo === undefined ? was?.sudo === true : desired.sudo;
  if (!sudo) return { sudo: false, sudo_without_password: false };
  if (desired?.sudo_without_password !== undefined) {
    return { sudo, sudo_without_password: desired.sudo_without_password };
  }
  return { sudo, sudo_without_password: was?.sudo_without_password === true };
}

/** Users who were to be absent, and can get in through the user group. */
function expectedWarnings({ kind, desired, state, exclusive, throughGroup }: Case): number[] {
  if (kind !== USERS) return [];
  const isNamed = (index: number) => desired.some((entry) => entry.index === index);
  return throughGroup.filter((index) =>
    state === 'absent' ? isNamed(index) : exclusive && !isNamed(index),
  );
}

describe('for any graph and any wishes, the graph comes to what was asked, as predicted', () => {
  let emulator: Emulator;
  test.beforeAll(({ emulator: shared }) => {
    emulator = shared;
  });

  async function play(given: Case, runner: Runner): Promise<void> {
    const { kind, state, exclusive } = given;
    const { store } = emulator;
    const host = await enrolFor(emulator, kind);
    try {
      const others = [...store.userGroups.values()].flatMap((members) => [...members]);
      const ids = newTargets(store, kind, POOL);
      const idOf = (index: number) => ids[index] ?? '';
      for (const { index, attributes } of given.before) host.tie(idOf(index), attributes);
      if (kind === USERS) {
        const members = given.throughGroup.map(idOf);
        store.associate(host.systemId, 'user_group', store.addUserGroup(members));
      }
      const desired: DesiredState[] = given.desired.map(({ index, ...sudo }) => ({
        id: given.loud ? idOf(index).toUpperCase() : idOf(index),
        ...sudo,
      }));
      const twice = given.loud && kind.sudo !== 'each' ? [...desired, ...desired] : desired;
      const connection = { agent_dir: host.agentDir, api_url: emulator.url };
      const options = { ...connection, ...asking(kind, twice), state, exclusive };
      const outcome = expected(given, ids);
      const was = store.snapshot(host.systemId);
      const elsewhere = host.everythingElse();

      const predicted = await runner(kind.module, options, true);
      expect(writesOf(host.takeRequests())).toEqual([]);
      expect(store.snapshot(host.systemId)).toEqual(was);

      const done = await runner(kind.module, options, false);
      const writes = writesOf(host.takeRequests());
      expect(done.failed, done.msg).toBeUndefined();
      expect(predicted).toEqual(predictionOf(done));
      const { added, updated, removed } = outcome;
      expect(writes).toHaveLength(added.length + updated.length + removed.length);
      expect(done.changed).toBe(writes.length > 0);
      expect([...(done['added'] as string[])].sort()).toEqual(added);
      expect([...(done['removed'] as string[])].sort()).toEqual(removed);
      const hasUpdates = kind.target !== 'system_group';
      expect(hasUpdates ? [...(done['updated'] as string[])].sort() : []).toEqual(updated);
      expect(done.diff).toEqual(outcome.diff);
      expect(done[kind.field]).toEqual(
        [...outcome.after].map(([id, sudo]) => listed(kind, id, sudo)),
      );
      const warned = expectedWarnings(given).map(idOf);
      const access = done.warnings.filter((text) => !text.includes('keeps the sudo'));
      const warnedOf = access.flatMap((text) => /^User (\w+) /.exec(text)?.[1] ?? text);
      expect(warnedOf.filter((id) => !others.includes(id)).sort()).toEqual(warned.sort());

      const edges = [...host.edges()].map(([id, attributes]): [string, Sudo] => [
        id,
        {
          sudo: attributes?.sudo.enabled ?? false,
          sudo_without_password: attributes?.sudo.withoutPassword ?? false,
        },
      ]);
      expect(new Map(edges)).toEqual(outcome.after);
      expect(host.everythingElse()).toEqual(elsewhere);

      const now = store.snapshot(host.systemId);
      const again = await runner(kind.module, options, false);
      expect(writesOf(host.takeRequests())).toEqual([]);
      expect(again).toEqual({
        ...done,
        changed: false,
        msg: 'Nothing to change.',
        added: [],
        removed: [],
        ...(hasUpdates && { updated: [] }),
        diff: { before: outcome.diff.after, after: outcome.diff.after },
      });
      expect(store.snapshot(host.systemId)).toEqual(now);
    } finally {
      await host.remove();
    }
  }

  const modules: [module: EdgeKind['module'], kinds: EdgeKind[]][] = [
    ['jumpcloud_group_membership', [GROUPS]],
    ['jumpcloud_user_binding', [USERS]],
    ['jumpcloud_association', [USER_GROUPS, USER_GROUPS, COMMANDS, POLICIES, POLICY_GROUPS]],
  ];

  test.each(modules)(
    `%s, ${CASES} cases in this process`,
    async (_, kinds) => {
      const property = fc.asyncProperty(caseOf(...kinds), (given) => play(given, runInProcess));
      await fc.assert(property, { numRuns: CASES });
    },
    300_000,
  );

  describe.concurrent('and through the executables', () => {
    test.each(modules)(
      `%s, ${CASES_OF_EXECUTABLES} cases`,
      async (_, kinds) => {
        const property = fc.asyncProperty(caseOf(...kinds), (given) => play(given, executable));
        await fc.assert(property, { numRuns: CASES_OF_EXECUTABLES });
      },
      300_000,
    );
  });
});
