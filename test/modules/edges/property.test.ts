import { describe, expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { EdgeAttributes } from '../../emulator/types.ts';
import { type Answer, predictionOf, runModule } from '../../harness/executable.ts';
import fc from '../../harness/fast-check.ts';
import { test } from '../../harness/fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { sampleSize } from '../../harness/sample-size.ts';
import { enrolFor, writesOf } from './edge-host.ts';
import {
  anyAttributes,
  anySudo,
  COMMANDS,
  type DesiredState,
  type EdgeKind,
  GROUPS,
  listed,
  newTargets,
  optionsFor,
  POLICIES,
  POLICY_GROUPS,
  type Sudo,
  USER_GROUPS,
  USERS,
} from './edge-kind.ts';

// Each case runs a module three times. Starting executables would take minutes, so most cases run
// in this process, over the same socket. Some run the built executables, which differ only in how
// they are called.
const CASES = sampleSize(300);
const CASES_OF_EXECUTABLES = sampleSize(10);

/** Number of objects of one kind in a case. */
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

/** The desired state of the object at `index` of a case's pool. */
interface DesiredAt extends Partial<Sudo> {
  readonly index: number;
}

interface Case {
  readonly kind: EdgeKind;
  readonly before: readonly { readonly index: number; readonly attributes: EdgeAttributes }[];
  /** At most one entry per object, in the order of the options. */
  readonly desired: readonly DesiredAt[];
  readonly state: 'present' | 'absent';
  readonly exclusive: boolean;
  /** Whether ids are in upper case and, where the module accepts it, listed twice. */
  readonly oddIds: boolean;
  /** In a pool of users, the users who also have access through a user group. */
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
      desired: someOf(fc.record({ index, sudo: fc.constantFrom(...anySudo) })),
      mode: fc.constantFrom('present', 'present', 'absent', 'exclusive'),
      oddIds: fc.boolean(),
      throughGroup: fc.uniqueArray(index),
    })
    .map(({ kind, before, desired, mode, ...rest }) => {
      const state = mode === 'absent' ? 'absent' : 'present';
      const sudoOptionsOf = (own: Partial<Sudo>) => {
        if (kind.sudo === 'none' || state === 'absent') return {};
        return kind.sudo === 'each' ? own : (desired[0]?.sudo ?? {});
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
        desired: desired.map(({ index, sudo }) => ({ index, ...sudoOptionsOf(sudo) })),
      };
    });
}

/** Returns the outcome that the documentation promises, without using the product's code. */
function expectedOutcome(given: Case, ids: readonly string[]) {
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
    const diffEntry = (sudo: Sudo) =>
      kind.target === 'system_group' ? id : shows ? { id, ...sudo } : { id };
    if (was) shownBefore.push(diffEntry(was));
    if (willBe) shownAfter.push(diffEntry(willBe));
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

/** Returns the users who are to be absent, but keep access through the user group. */
function expectedWarnings({ kind, desired, state, exclusive, throughGroup }: Case): number[] {
  if (kind !== USERS) return [];
  const isNamed = (index: number) => desired.some((entry) => entry.index === index);
  return throughGroup.filter((index) =>
    state === 'absent' ? isNamed(index) : exclusive && !isNamed(index),
  );
}

describe('an edge module on a random graph', () => {
  let emulator: Emulator;
  test.beforeAll(({ emulator: shared }) => {
    emulator = shared;
  });

  async function verifyCase(given: Case, runner: Runner): Promise<void> {
    const { kind, state, exclusive } = given;
    const { store } = emulator;
    const host = await enrolFor(emulator, kind);
    try {
      const others = [...store.userGroups.values()].flatMap((members) => [...members]);
      const ids = newTargets(store, kind, POOL);
      const idOf = (index: number) => ids[index] ?? '';
      for (const { index, attributes } of given.before) host.addEdge(idOf(index), attributes);
      if (kind === USERS) {
        const members = given.throughGroup.map(idOf);
        store.associate(host.systemId, 'user_group', store.addUserGroup(members));
      }
      const desired: DesiredState[] = given.desired.map(({ index, ...sudo }) => ({
        id: given.oddIds ? idOf(index).toUpperCase() : idOf(index),
        ...sudo,
      }));
      const twice = given.oddIds && kind.sudo !== 'each' ? [...desired, ...desired] : desired;
      const connection = { agent_dir: host.agentDir, api_url: emulator.url };
      const options = { ...connection, ...optionsFor(kind, twice), state, exclusive };
      const outcome = expectedOutcome(given, ids);
      const was = store.snapshot(host.systemId);
      const dataBefore = host.everythingElse();

      const predicted = await runner(kind.module, options, true);
      expect(writesOf(host.takeRequests())).toEqual([]);
      expect(store.snapshot(host.systemId)).toEqual(was);

      const answer = await runner(kind.module, options, false);
      const writes = writesOf(host.takeRequests());
      expect(answer.failed, answer.msg).toBeUndefined();
      expect(predicted).toEqual(predictionOf(answer));
      const { added, updated, removed } = outcome;
      expect(writes).toHaveLength(added.length + updated.length + removed.length);
      expect(answer.changed).toBe(writes.length > 0);
      expect([...(answer['added'] as string[])].sort()).toEqual(added);
      expect([...(answer['removed'] as string[])].sort()).toEqual(removed);
      const hasUpdates = kind.target !== 'system_group';
      expect(hasUpdates ? [...(answer['updated'] as string[])].sort() : []).toEqual(updated);
      expect(answer.diff).toEqual(outcome.diff);
      expect(answer[kind.field]).toEqual(
        [...outcome.after].map(([id, sudo]) => listed(kind, id, sudo)),
      );
      const warned = expectedWarnings(given).map(idOf);
      const access = answer.warnings.filter((text) => !text.includes('keeps sudo'));
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
      expect(host.everythingElse()).toEqual(dataBefore);

      const now = store.snapshot(host.systemId);
      const again = await runner(kind.module, options, false);
      expect(writesOf(host.takeRequests())).toEqual([]);
      expect(again).toEqual({
        ...answer,
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
    `%s in this process reaches the desired state of ${CASES} random cases`,
    async (_, kinds) => {
      const property = fc.asyncProperty(caseOf(...kinds), (given) =>
        verifyCase(given, runInProcess),
      );
      await fc.assert(property, { numRuns: CASES });
    },
    300_000,
  );

  describe.concurrent('an executable on a random graph', () => {
    test.each(modules)(
      `%s as an executable reaches the desired state of ${CASES_OF_EXECUTABLES} random cases`,
      async (_, kinds) => {
        const property = fc.asyncProperty(caseOf(...kinds), (given) =>
          verifyCase(given, executable),
        );
        await fc.assert(property, { numRuns: CASES_OF_EXECUTABLES });
      },
      300_000,
    );
  });
});
