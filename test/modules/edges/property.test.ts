import { describe, expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import type { EdgeAttributes } from '../../emulator/types.ts';
import { type Answer, predictionOf, runModule } from '../../harness/executable.ts';
import fc from '../../harness/fast-check.ts';
import { test } from '../../harness/fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { sampleSize } from '../../harness/sample-size.ts';
import { enrolEdgeHost, writesOf } from './edge-host.ts';
import {
  ATTRIBUTE_CHOICES,
  COMMANDS,
  createTargets,
  type DesiredState,
  type EdgeKind,
  GROUPS,
  optionsFor,
  POLICIES,
  POLICY_GROUPS,
  SUDO_CHOICES,
  type Sudo,
  toResultEdge,
  USER_GROUPS,
  USERS,
} from './edge-kind.ts';

// Each case runs a module three times. Executables would take minutes to start, so most cases run
// in this process over a real socket. Some cases run the built executables.
const CASE_COUNT = sampleSize(300);
const EXECUTABLE_CASE_COUNT = sampleSize(10);

/** The number of objects of one kind in a case. */
const POOL_SIZE = 8;

type Runner = (
  module: EdgeKind['module'],
  options: Record<string, unknown>,
  check: boolean,
) => Promise<Answer>;

const runExecutable: Runner = async (module, options, check) => {
  const { answer } = await runModule(module, options, {
    flags: check ? ['--check', '--diff'] : ['--diff'],
  });
  const { invocation: _, ...rest } = answer;
  return rest as Answer;
};

/** The desired state of the object at `index` in the pool of a case. */
interface IndexedDesiredState extends Partial<Sudo> {
  readonly index: number;
}

interface Case {
  readonly kind: EdgeKind;
  readonly before: readonly { readonly index: number; readonly attributes: EdgeAttributes }[];
  /** At most one entry per object, in the same order as in the options. */
  readonly desired: readonly IndexedDesiredState[];
  readonly state: 'present' | 'absent';
  readonly exclusive: boolean;
  /**
   * True if the options have ids in upper case, and each id twice if the module accepts duplicates.
   */
  readonly hasUnusualIds: boolean;
  /** The indexes of users who also have access through a user group. */
  readonly groupMembers: readonly number[];
}

const index = fc.nat({ max: POOL_SIZE - 1 });
const uniqueByIndex = <T>(entry: fc.Arbitrary<T & { index: number }>) =>
  fc.uniqueArray(entry, { selector: ({ index }) => index, maxLength: POOL_SIZE });

function arbitraryCase(...kinds: EdgeKind[]): fc.Arbitrary<Case> {
  return fc
    .record({
      kind: fc.constantFrom(...kinds),
      before: uniqueByIndex(
        fc.record({ index, attributes: fc.constantFrom(...ATTRIBUTE_CHOICES) }),
      ),
      desired: uniqueByIndex(fc.record({ index, sudo: fc.constantFrom(...SUDO_CHOICES) })),
      mode: fc.constantFrom('present', 'present', 'absent', 'exclusive'),
      hasUnusualIds: fc.boolean(),
      groupMembers: fc.uniqueArray(index),
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

/** Computes the documented outcome of a case independently of the modules. */
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
    const initial = edge && {
      sudo: edge.attributes?.sudo.enabled === true,
      sudo_without_password: edge.attributes?.sudo.withoutPassword === true,
    };
    const stays = desired ? state === 'present' : edge !== undefined && !exclusive;
    const final = stays ? expectedSudo(desired, initial) : undefined;
    if (final) after.set(id, final);
    if (final && !initial) added.push(id);
    if (!final && initial) removed.push(id);
    if (final && initial && JSON.stringify(final) !== JSON.stringify(initial)) updated.push(id);

    if (!desired && !exclusive) return;
    const showsSudo =
      desired && (desired.sudo !== undefined || desired.sudo_without_password !== undefined);
    const diffEntry = (sudo: Sudo) =>
      kind.target === 'system_group' ? id : showsSudo ? { id, ...sudo } : { id };
    if (initial) shownBefore.push(diffEntry(initial));
    if (final) shownAfter.push(diffEntry(final));
  });
  const diff = { before: { [kind.option]: shownBefore }, after: { [kind.option]: shownAfter } };
  return { after, added, updated, removed, diff };
}

function expectedSudo(desired: Partial<Sudo> | undefined, initial: Sudo | undefined): Sudo {
  const sudo = desired?.sudo === undefined ? initial?.sudo === true : desired.sudo;
  if (!sudo) return { sudo: false, sudo_without_password: false };
  if (desired?.sudo_without_password !== undefined) {
    return { sudo, sudo_without_password: desired.sudo_without_password };
  }
  return { sudo, sudo_without_password: initial?.sudo_without_password === true };
}

/** Returns the indexes of users who must not be bound, but have access through a user group. */
function expectedWarnings({ kind, desired, state, exclusive, groupMembers }: Case): number[] {
  if (kind !== USERS) return [];
  const isNamed = (index: number) => desired.some((entry) => entry.index === index);
  return groupMembers.filter((index) =>
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
    const host = await enrolEdgeHost(emulator, kind);
    try {
      const others = [...store.userGroups.values()].flatMap((members) => [...members]);
      const ids = createTargets(store, kind, POOL_SIZE);
      const idOf = (index: number) => ids[index] ?? '';
      for (const { index, attributes } of given.before) host.addEdge(idOf(index), attributes);
      if (kind === USERS) {
        const members = given.groupMembers.map(idOf);
        store.associate(host.systemId, 'user_group', store.addUserGroup(members));
      }
      const desired: DesiredState[] = given.desired.map(({ index, ...sudo }) => ({
        id: given.hasUnusualIds ? idOf(index).toUpperCase() : idOf(index),
        ...sudo,
      }));
      const twice =
        given.hasUnusualIds && kind.sudo !== 'each' ? [...desired, ...desired] : desired;
      const connection = { agent_dir: host.agentDir, api_url: emulator.url };
      const options = { ...connection, ...optionsFor(kind, twice), state, exclusive };
      const outcome = expectedOutcome(given, ids);
      const initial = store.snapshot(host.systemId);
      const dataBefore = host.unmanagedState();

      const predicted = await runner(kind.module, options, true);
      expect(writesOf(host.takeRequests())).toEqual([]);
      expect(store.snapshot(host.systemId)).toEqual(initial);

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
        [...outcome.after].map(([id, sudo]) => toResultEdge(kind, id, sudo)),
      );
      const expectedIds = expectedWarnings(given).map(idOf);
      const access = answer.warnings.filter((text) => !text.includes('keeps sudo'));
      const warnedIds = access.flatMap((text) => /^User (\w+) /.exec(text)?.[1] ?? text);
      expect(warnedIds.filter((id) => !others.includes(id)).sort()).toEqual(expectedIds.sort());

      const edges = [...host.edges()].map(([id, attributes]): [string, Sudo] => [
        id,
        {
          sudo: attributes?.sudo.enabled ?? false,
          sudo_without_password: attributes?.sudo.withoutPassword ?? false,
        },
      ]);
      expect(new Map(edges)).toEqual(outcome.after);
      expect(host.unmanagedState()).toEqual(dataBefore);

      const stateAfterRun = store.snapshot(host.systemId);
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
      expect(store.snapshot(host.systemId)).toEqual(stateAfterRun);
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
    `%s, run in the process of the test, reaches the desired state in ${CASE_COUNT} random cases`,
    async (_, kinds) => {
      const property = fc.asyncProperty(arbitraryCase(...kinds), (given) =>
        verifyCase(given, runInProcess),
      );
      await fc.assert(property, { numRuns: CASE_COUNT });
    },
    300_000,
  );

  describe.concurrent('an executable on a random graph', () => {
    test.each(modules)(
      `the executable of %s reaches the desired state in ${EXECUTABLE_CASE_COUNT} random cases`,
      async (_, kinds) => {
        const property = fc.asyncProperty(arbitraryCase(...kinds), (given) =>
          verifyCase(given, runExecutable),
        );
        await fc.assert(property, { numRuns: EXECUTABLE_CASE_COUNT });
      },
      300_000,
    );
  });
});
