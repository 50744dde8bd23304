import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../../emulator/emulator.ts';
import type { SystemRecord } from '../../emulator/types.ts';
import { type Answer, type ModuleName, predictionOf, runModule } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { newTargets, tie } from '../edges/edge-kind.ts';
import {
  EDGE_KINDS,
  EDGE_SECTIONS,
  type EdgeSection,
  type HostCase,
  hostCase,
  POOL,
} from './host-case.ts';
import { type HostDocument, type SingleCall, singleCalls } from './single-modules.ts';

// Each case runs some ten modules. Most run in this process, over the same socket, from options to
// result; a handful run the built executable.
const CASES = 300;
const CASES_OF_EXECUTABLES = 6;

type Runner = (module: ModuleName, options: object, check: boolean) => Promise<Answer>;

const inProcess: Runner = (module, options, check) => runInProcess(module, { ...options }, check);

const executable: Runner = async (module, options, check) => {
  const flags = check ? ['--check', '--diff'] : ['--diff'];
  return (await runModule(module, { ...options }, { flags })).answer;
};

type Pools = Readonly<Record<EdgeSection, readonly string[]>>;

/** What single modules have said, one after another. */
interface Said {
  readonly call: SingleCall;
  readonly answer: Answer;
}

describe('for any host and any document, one run comes to what the single modules come to', () => {
  let emulator: Emulator;
  test.beforeAll(({ emulator: shared }) => {
    emulator = shared;
  });

  function takeRequests() {
    return emulator.requests.splice(0);
  }

  /** Objects that no other case knows, and that know each other as the case says. */
  function enrolForCalls({ members, brought, flat }: HostCase): Pools {
    const { store } = emulator;
    store.flatPrimaryUser = flat;
    const pools = Object.fromEntries(
      EDGE_SECTIONS.map((section) => [section, newTargets(store, EDGE_KINDS[section], POOL)]),
    ) as Record<EdgeSection, string[]>;
    pools.user_groups.forEach((id, i) => {
      const users = (members[i] ?? []).map((user) => pools.users[user] ?? '');
      store.userGroups.set(id, new Set(users));
    });
    pools.groups.forEach((id, i) => {
      const edges = (brought[i] ?? []).map((group) => [`user_group:${pools.user_groups[group]}`]);
      store.groupEdges.set(id, new Map(edges.map(([key = '']) => [key, undefined])));
    });
    return pools;
  }

  async function enrol(given: HostCase, pools: Pools): Promise<EnrolledHost> {
    const { store } = emulator;
    const { before } = given.primary;
    const record = {
      ...structuredClone(given.record),
      primarySystemUser: { id: before === undefined ? null : (pools.users[before] ?? null) },
    };
    const host = await emulator.enrol({ record });
    for (const section of EDGE_SECTIONS) {
      for (const { index, attributes } of given.sections[section].before) {
        tie(store, host.systemId, EDGE_KINDS[section], pools[section][index] ?? '', attributes);
      }
    }
    return host;
  }

  /** All that JumpCloud holds of a host, but for its id. */
  function heldOf({ systemId }: EnrolledHost): unknown {
    const { _id, id, ...record } = emulator.store.record(systemId) as SystemRecord;
    const sorted = record.attributes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return structuredClone({
      ...emulator.store.snapshot(systemId),
      record: { description: '', ...record, attributes: sorted },
    });
  }

  async function play(given: HostCase, runner: Runner): Promise<void> {
    const pools = enrolForCalls(given);
    const [host, twin] = [await enrol(given, pools), await enrol(given, pools)];
    try {
      const document = documentOf(given, pools);
      const options = { ...spelled(document, given.loud), ...placeOf(host) };
      takeRequests();
      const was = heldOf(host);
      const predicted = await runner('jumpcloud_host', options, true);
      expect(writes(takeRequests())).toEqual([]);
      expect(heldOf(host)).toEqual(was);

      const done = await runner('jumpcloud_host', options, false);
      expect(done.failed, done.msg).toBeUndefined();
      const written = writes(takeRequests());
      expect(predicted).toEqual(predictionOf({ ...done, warnings: foreseeable(done) }));

      const said: Said[] = [];
      for (const call of singleCalls(document)) {
        const answer = await runner(call.module, { ...call.options, ...placeOf(twin) }, false);
        expect(answer.failed, answer.msg).toBeUndefined();
        said.push({ call, answer });
      }
      // Never more than the single modules, which may need two writes for one edge.
      expect(writes(takeRequests()).length).toBeGreaterThanOrEqual(written.length);
      expect(heldOf(host)).toEqual(heldOf(twin));
      expectSame(done, said, document);
      expect(done.changed).toBe(written.length > 0);

      const now = heldOf(host);
      const again = await runner('jumpcloud_host', options, false);
      const requests = takeRequests();
      expect(writes(requests)).toEqual([]);
      expect(heldOf(host)).toEqual(now);
      expect(requests).toHaveLength(
        Object.keys(done['sections'] as object).length +
          Number(document.exclusive.includes('users')),
      );
      expect(again).toEqual(unchanged(done));
    } finally {
      await Promise.all([host.remove(), twin.remove()]);
    }
  }

  function placeOf({ agentDir }: EnrolledHost) {
    return { agent_dir: agentDir, api_url: emulator.url };
  }

  test(`${CASES} cases in this process`, { timeout: 300_000 }, async () => {
    const property = fc.asyncProperty(hostCase, (given) => play(given, inProcess));
    await fc.assert(property, { numRuns: CASES });
  });

  test(`${CASES_OF_EXECUTABLES} through the executables`, { timeout: 300_000 }, async () => {
    const property = fc.asyncProperty(hostCase, (given) => play(given, executable));
    // A case is played for seconds: a counterexample is looked for in this process.
    await fc.assert(property, { numRuns: CASES_OF_EXECUTABLES, endOnFailure: true });
  });
});

function documentOf({ system, primary, sections }: HostCase, pools: Pools): HostDocument {
  const given = EDGE_SECTIONS.filter((section) => sections[section].desired !== undefined);
  const user = primary.desired === '' ? '' : pools.users[primary.desired];
  const kept = given.filter((section) => sections[section].keep !== undefined);
  const idsOf = (section: EdgeSection, indexes: readonly number[] = []) =>
    indexes.map((index) => pools[section][index] ?? '');
  return {
    ...(system && {
      system: { ...system, ...('primary_user' in system && { primary_user: user }) },
    }),
    ...Object.fromEntries(
      given.map((section) => [
        section,
        (sections[section].desired ?? []).map(({ index, ...sudo }) => ({
          id: pools[section][index] ?? '',
          ...sudo,
        })),
      ]),
    ),
    exclusive: given.filter((section) => sections[section].exclusive),
    ...(kept.length > 0 && {
      keep: Object.fromEntries(kept.map((one) => [one, idsOf(one, sections[one].keep)])),
    }),
  };
}

/** The document as somebody writes it down. */
function spelled(document: HostDocument, loud: boolean): Record<string, unknown> {
  const lists = EDGE_SECTIONS.flatMap((section) => {
    const list = document[section];
    if (list === undefined) return [];
    const isBare = EDGE_KINDS[section].sudo === 'none';
    return [
      [
        section,
        list.map(({ id: lower, ...sudo }) => {
          const id = loud ? lower.toUpperCase() : lower;
          return isBare || (loud && Object.keys(sudo).length === 0) ? id : { id, ...sudo };
        }),
      ],
    ];
  });
  return { ...document, ...Object.fromEntries(lists) };
}

function writes(requests: Emulator['requests']) {
  return requests.filter(({ method }) => method !== 'GET');
}

/** The warnings but for those of whom a group lets in that this host has only got now. */
function foreseeable({ warnings, ...answer }: Answer): string[] {
  const fresh = (['groups', 'user_groups'] as const).flatMap(
    (section) => sectionOf(answer, section)?.added ?? [],
  );
  return warnings.filter(
    (text) => !fresh.includes(/ through (?:system|user) group (\w+)/.exec(text)?.[1] ?? ''),
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

/** One run said of each section what the modules have said of it. */
function expectSame(done: Answer, said: readonly Said[], document: HostDocument): void {
  expect(Object.keys(done['sections'] as object).sort()).toEqual(
    [...new Set(said.map(({ call }) => call.section))].sort(),
  );
  expect(done.changed).toBe(said.some(({ answer }) => answer.changed));
  for (const section of new Set(said.map(({ call }) => call.section))) {
    const some = said.filter(({ call }) => call.section === section);
    const result = sectionOf(done, section);
    const last = some.at(-1)?.answer;
    if (section === 'system') {
      expect(result?.['settings']).toEqual(last?.['settings']);
      expect(done.msg.includes('system: ')).toBe(last?.changed);
      expect(/system: ([\w, ]+)/.exec(done.msg)?.[1]).toBe(
        /^Changed (.*)\.$/.exec(last?.msg ?? '')?.[1],
      );
    } else {
      const { field } = EDGE_KINDS[section];
      expect(result?.[field]).toEqual(last?.[field]);
      for (const list of ['added', 'updated', 'removed'] as const) {
        const all = some.flatMap(({ answer }) => (answer[list] ?? []) as string[]);
        expect([...(result?.[list] ?? [])].sort(), `${section} ${list}`).toEqual(all.sort());
      }
    }
    if (some.length > 1) continue;
    for (const side of ['before', 'after'] as const) {
      const alone = last?.diff?.[side];
      const shown = section === 'system' ? alone : Object.values(alone ?? {})[0];
      expect(done.diff?.[side][section], `${section} ${side}`).toEqual(shown);
    }
  }
  // Where a list was asked for in parts, the last part does not mention the sudo of the others.
  const mentioned = (document.user_groups ?? []).filter(({ sudo }) => sudo !== undefined);
  const warned = said
    .flatMap(({ answer }) => answer.warnings)
    .filter((text) => !mentioned.some(({ id }) => text.startsWith(`User group ${id} keeps`)));
  expect([...done.warnings].sort()).toEqual(warned.sort());
}

/** What the same run answers when there is nothing left to do. */
function unchanged(done: Answer): Answer {
  const sections = Object.entries(done['sections'] as Record<string, object>).map(
    ([section, result]) => {
      const none = { added: [], removed: [], ...('updated' in result && { updated: [] }) };
      return [section, section === 'system' ? result : { ...result, ...none }];
    },
  );
  return {
    ...done,
    changed: false,
    msg: 'Nothing to change.',
    sections: Object.fromEntries(sections),
    diff: { before: done.diff?.after ?? {}, after: done.diff?.after ?? {} },
  };
}
