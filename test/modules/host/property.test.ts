import { describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../../emulator/emulator.ts';
import type { SystemRecord } from '../../emulator/types.ts';
import { type Answer, type ModuleName, predictionOf, runModule } from '../../harness/executable.ts';
import fc from '../../harness/fast-check.ts';
import { test } from '../../harness/fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { sampleSize } from '../../harness/sample-size.ts';
import { addEdge, createTargets } from '../edges/edge-kind.ts';
import {
  EDGE_KINDS,
  EDGE_SECTIONS,
  type EdgeSection,
  type HostCase,
  hostCase,
  POOL_SIZE,
} from './host-case.ts';
import { type HostDocument, type SingleCall, singleCalls } from './single-modules.ts';

// Each case runs about ten modules. Most cases run in this process over a real socket. A few cases
// run the built executables.
const CASE_COUNT = sampleSize(160);
const EXECUTABLE_CASE_COUNT = sampleSize(4);

type Runner = (module: ModuleName, options: object, check: boolean) => Promise<Answer>;

const inProcess: Runner = (module, options, check) => runInProcess(module, { ...options }, check);

const runExecutable: Runner = async (module, options, check) => {
  const flags = check ? ['--check', '--diff'] : ['--diff'];
  return (await runModule(module, { ...options }, { flags })).answer;
};

type Pools = Readonly<Record<EdgeSection, readonly string[]>>;

/** A call of a single module, and its answer. */
interface SingleRun {
  readonly call: SingleCall;
  readonly answer: Answer;
}

describe('jumpcloud_host compared with single modules', () => {
  let emulator: Emulator;
  test.beforeAll(({ emulator: shared }) => {
    emulator = shared;
  });

  function takeRequests() {
    return emulator.requests.splice(0);
  }

  /** Adds the objects of a case to the organisation, with their memberships and bindings. */
  function createPools({ members, boundUserGroups, hasFlatPrimaryUser }: HostCase): Pools {
    const { store } = emulator;
    store.flatPrimaryUser = hasFlatPrimaryUser;
    const pools = Object.fromEntries(
      EDGE_SECTIONS.map((section) => [
        section,
        createTargets(store, EDGE_KINDS[section], POOL_SIZE),
      ]),
    ) as Record<EdgeSection, string[]>;
    pools.user_groups.forEach((id, i) => {
      const users = (members[i] ?? []).map((user) => pools.users[user] ?? '');
      store.userGroups.set(id, new Set(users));
    });
    pools.groups.forEach((id, i) => {
      const edges = (boundUserGroups[i] ?? []).map((group) => [
        `user_group:${pools.user_groups[group]}`,
      ]);
      store.groupEdges.set(id, new Map(edges.map(([key = '']) => [key, undefined])));
    });
    return pools;
  }

  async function enrol(testCase: HostCase, pools: Pools): Promise<EnrolledHost> {
    const { store } = emulator;
    const { before } = testCase.primary;
    const record = {
      ...structuredClone(testCase.record),
      primarySystemUser: { id: before === undefined ? null : (pools.users[before] ?? null) },
    };
    const host = await emulator.enrol({ record });
    for (const section of EDGE_SECTIONS) {
      for (const { index, attributes } of testCase.sections[section].before) {
        addEdge(store, host.systemId, EDGE_KINDS[section], pools[section][index] ?? '', attributes);
      }
    }
    return host;
  }

  /** Returns the stored state of a host, except its id. */
  function storedStateOf({ systemId }: EnrolledHost): unknown {
    const { _id, id, ...record } = emulator.store.record(systemId) as SystemRecord;
    const sorted = record.attributes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return structuredClone({
      ...emulator.store.snapshot(systemId),
      record: { description: '', ...record, attributes: sorted },
    });
  }

  async function checkCase(testCase: HostCase, runner: Runner): Promise<void> {
    const pools = createPools(testCase);
    const [host, twinHost] = [await enrol(testCase, pools), await enrol(testCase, pools)];
    try {
      const document = makeDocument(testCase, pools);
      const options = { ...spellDocument(document, testCase.isRespelled), ...hostOptions(host) };
      takeRequests();
      const before = storedStateOf(host);
      const predicted = await runner('jumpcloud_host', options, true);
      expect(selectWrites(takeRequests())).toEqual([]);
      expect(storedStateOf(host)).toEqual(before);

      const hostAnswer = await runner('jumpcloud_host', options, false);
      expect(hostAnswer.failed, hostAnswer.msg).toBeUndefined();
      const written = selectWrites(takeRequests());
      expect(predicted).toEqual(
        predictionOf({ ...hostAnswer, warnings: selectPredictableWarnings(hostAnswer) }),
      );

      const singleRuns: SingleRun[] = [];
      for (const call of singleCalls(document)) {
        const answer = await runner(
          call.module,
          { ...call.options, ...hostOptions(twinHost) },
          false,
        );
        expect(answer.failed, answer.msg).toBeUndefined();
        singleRuns.push({ call, answer });
      }
      // Single modules may write an edge twice, so they send at least as many writes as
      // jumpcloud_host.
      expect(selectWrites(takeRequests()).length).toBeGreaterThanOrEqual(written.length);
      expect(storedStateOf(host)).toEqual(storedStateOf(twinHost));
      expectSameResult(hostAnswer, singleRuns, document);
      expect(hostAnswer.changed).toBe(written.length > 0);

      const after = storedStateOf(host);
      const again = await runner('jumpcloud_host', options, false);
      const requests = takeRequests();
      expect(selectWrites(requests)).toEqual([]);
      expect(storedStateOf(host)).toEqual(after);
      expect(requests).toHaveLength(
        Object.keys(hostAnswer['sections'] as object).length +
          Number(document.exclusive.includes('users')),
      );
      expect(again).toEqual(toUnchangedAnswer(hostAnswer));
    } finally {
      await Promise.all([host.remove(), twinHost.remove()]);
    }
  }

  function hostOptions({ agentDir }: EnrolledHost) {
    return { agent_dir: agentDir, api_url: emulator.url };
  }

  test(`jumpcloud_host in this process gives the same result as single modules in ${CASE_COUNT} cases`, {
    timeout: 300_000,
  }, async () => {
    const property = fc.asyncProperty(hostCase, (testCase) => checkCase(testCase, inProcess));
    await fc.assert(property, { numRuns: CASE_COUNT });
  });

  test(`jumpcloud_host as an executable gives the same result as single modules in ${EXECUTABLE_CASE_COUNT} cases`, {
    timeout: 300_000,
  }, async () => {
    const property = fc.asyncProperty(hostCase, (testCase) => checkCase(testCase, runExecutable));
    // A case with executables takes seconds, so only the test in this process shrinks
    // counterexamples.
    await fc.assert(property, { numRuns: EXECUTABLE_CASE_COUNT, endOnFailure: true });
  });
});

function makeDocument({ system, primary, sections }: HostCase, pools: Pools): HostDocument {
  const present = EDGE_SECTIONS.filter((section) => sections[section].desired !== undefined);
  const user = primary.desired === '' ? '' : pools.users[primary.desired];
  const kept = present.filter((section) => sections[section].keep !== undefined);
  const idsOf = (section: EdgeSection, indexes: readonly number[] = []) =>
    indexes.map((index) => pools[section][index] ?? '');
  return {
    ...(system && {
      system: { ...system, ...('primary_user' in system && { primary_user: user }) },
    }),
    ...Object.fromEntries(
      present.map((section) => [
        section,
        (sections[section].desired ?? []).map(({ index, ...sudo }) => ({
          id: pools[section][index] ?? '',
          ...sudo,
        })),
      ]),
    ),
    exclusive: present.filter((section) => sections[section].exclusive),
    ...(kept.length > 0 && {
      keep: Object.fromEntries(kept.map((name) => [name, idsOf(name, sections[name].keep)])),
    }),
  };
}

/**
 * Returns the document as a user may write it. If `isRespelled`, ids are in upper case, and items
 * without other keys are bare ids.
 */
function spellDocument(document: HostDocument, isRespelled: boolean): Record<string, unknown> {
  const lists = EDGE_SECTIONS.flatMap((section) => {
    const list = document[section];
    if (list === undefined) return [];
    const isBare = EDGE_KINDS[section].sudo === 'none';
    return [
      [
        section,
        list.map(({ id: lower, ...sudo }) => {
          const id = isRespelled ? lower.toUpperCase() : lower;
          return isBare || (isRespelled && Object.keys(sudo).length === 0) ? id : { id, ...sudo };
        }),
      ],
    ];
  });
  return { ...document, ...Object.fromEntries(lists) };
}

function selectWrites(requests: Emulator['requests']) {
  return requests.filter(({ method }) => method !== 'GET');
}

/** Returns all warnings except warnings about access through a group that this run added. */
function selectPredictableWarnings({ warnings, ...answer }: Answer): string[] {
  const addedGroups = (['groups', 'user_groups'] as const).flatMap(
    (section) => sectionOf(answer, section)?.added ?? [],
  );
  return warnings.filter(
    (text) => !addedGroups.includes(/ through (?:system|user) group (\w+)/.exec(text)?.[1] ?? ''),
  );
}

interface SectionResult extends Record<string, unknown> {
  added: string[];
  updated?: string[];
  removed: string[];
}

function sectionOf(answer: object, section: string): SectionResult | undefined {
  return Object(Object(answer).sections)[section];
}

/** Expects jumpcloud_host and the single modules to report the same for each section. */
function expectSameResult(
  hostAnswer: Answer,
  singleRuns: readonly SingleRun[],
  document: HostDocument,
): void {
  expect(Object.keys(hostAnswer['sections'] as object).sort()).toEqual(
    [...new Set(singleRuns.map(({ call }) => call.section))].sort(),
  );
  expect(hostAnswer.changed).toBe(singleRuns.some(({ answer }) => answer.changed));
  for (const section of new Set(singleRuns.map(({ call }) => call.section))) {
    const runs = singleRuns.filter(({ call }) => call.section === section);
    const result = sectionOf(hostAnswer, section);
    const last = runs.at(-1)?.answer;
    if (section === 'system') {
      expect(result?.['settings']).toEqual(last?.['settings']);
      expect(hostAnswer.msg.includes('system: ')).toBe(last?.changed);
      expect(/system: ([\w, ]+)/.exec(hostAnswer.msg)?.[1]).toBe(
        /^Changed (.*)\.$/.exec(last?.msg ?? '')?.[1],
      );
    } else {
      const { field } = EDGE_KINDS[section];
      expect(result?.[field]).toEqual(last?.[field]);
      for (const list of ['added', 'updated', 'removed'] as const) {
        const all = runs.flatMap(({ answer }) => (answer[list] ?? []) as string[]);
        expect([...(result?.[list] ?? [])].sort(), `${section} ${list}`).toEqual(all.sort());
      }
    }
    if (runs.length > 1) continue;
    for (const side of ['before', 'after'] as const) {
      const alone = last?.diff?.[side];
      const shown = section === 'system' ? alone : Object.values(alone ?? {})[0];
      expect(hostAnswer.diff?.[side][section], `${section} ${side}`).toEqual(shown);
    }
  }
  // User groups with different sudo need several calls. The last call has no sudo option, so only
  // this call warns that sudo is kept.
  const groupsWithSudo = (document.user_groups ?? []).filter(({ sudo }) => sudo !== undefined);
  const expectedWarnings = singleRuns
    .flatMap(({ answer }) => answer.warnings)
    .filter((text) => !groupsWithSudo.some(({ id }) => text.startsWith(`User group ${id} keeps`)));
  expect([...hostAnswer.warnings].sort()).toEqual(expectedWarnings.sort());
}

/** Converts the answer of a run to the expected answer of the next run, which changes nothing. */
function toUnchangedAnswer(hostAnswer: Answer): Answer {
  const sections = Object.entries(hostAnswer['sections'] as Record<string, object>).map(
    ([section, result]) => {
      const none = { added: [], removed: [], ...('updated' in result && { updated: [] }) };
      return [section, section === 'system' ? result : { ...result, ...none }];
    },
  );
  return {
    ...hostAnswer,
    changed: false,
    msg: 'Nothing to change.',
    sections: Object.fromEntries(sections),
    diff: { before: hostAnswer.diff?.after ?? {}, after: hostAnswer.diff?.after ?? {} },
  };
}
