import type { StormRates } from '../emulator/faults.ts';
import type { ModuleName, RunResult } from '../harness/executable.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';
import {
  findDifferences,
  normalizeState,
  type OrganisationState,
  readOrganisationState,
} from './organisation-state.ts';
import { makeScenario, runWithoutFaults, type Scenario } from './scenario.ts';

const RATES: StormRates = { serverError: 0.2, rateLimit: 0.1, resetBefore: 0.05, resetAfter: 0.05 };

/** The maximum duration of a run in seconds: the default `timeout` and two seconds of overhead. */
const MAX_RUN_S = 120 + 2;

/** The results of two equal calls: the first with random faults, the second without faults. */
export interface StormyRun {
  readonly seed: number;
  readonly module: ModuleName;
  /** The number of injected faults of each kind. */
  readonly injected: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly retries: number;
  readonly seconds: number;
  /** True if the host differs from the desired state before the first call. */
  readonly needsChange: boolean;
  readonly hasConverged: boolean;
  readonly isChangedCorrect: boolean;
  /** Descriptions of everything that is wrong. */
  readonly problems: readonly string[];
}

/**
 * Runs a random call on a random host, first with random faults, then without. The organisation
 * must end in the same state as after the same call on an identical host without faults.
 */
export async function runInStorm(seed: number): Promise<StormyRun> {
  const expected = await runWithoutFaults(seed, { isLarge: true });
  const scenario = await makeScenario(seed, { isLarge: true });
  try {
    return await runAndCompare(seed, scenario, expected);
  } finally {
    await scenario.close();
  }
}

async function runAndCompare(
  seed: number,
  scenario: Scenario,
  expected: OrganisationState,
): Promise<StormyRun> {
  const { emulator, module } = scenario;
  const { store, faults } = emulator;
  const initialState = readOrganisationState(store);
  const run = () => scenario.run({ _ansible_verbosity: 3 });

  const states = [initialState];
  faults.storm(seed, RATES);
  faults.add({
    // The emulator calls `when` before each request. This rule matches no request: it records
    // states.
    when: () => {
      states.push(readOrganisationState(store));
      return false;
    },
    fault: { kind: 'reset-before' },
  });
  const start = performance.now();
  const faulty = await run();
  const seconds = (performance.now() - start) / 1000;
  const faultyRequests = [...emulator.requests];
  faults.clear();
  const finalState = readOrganisationState(store);
  states.push(finalState);

  const clean = await run();
  const cleanRequests = emulator.requests.slice(faultyRequests.length);

  const needsChange = findDifferences(normalizeState(initialState), expected).length > 0;
  const differingKeys = findDifferences(normalizeState(finalState), expected);
  const secrets = [
    ...(await findLeakedSecrets(faulty.stdout + faulty.stderr, emulator.requests)),
    ...(await findLeakedSecrets(clean.stdout + clean.stderr, emulator.requests)),
  ];
  const api = Object(faulty.answer['api']);
  const problems = [
    ...describeFailures('with faults', faulty),
    ...describeFailures('without faults', clean),
    ...differingKeys.map(
      (key) => `${key} is ${normalizeState(finalState).get(key)}, not ${expected.get(key)}`,
    ),
    ...findUnexpectedChanges(states, expected),
    ...findWrongLists(faulty, scenario, initialState, expected),
    ...problemUnless(
      faulty.answer.changed === needsChange,
      `changed is ${faulty.answer.changed} with faults`,
    ),
    ...problemUnless(!clean.answer.changed, 'changed is true without faults'),
    ...problemUnless(
      cleanRequests.every(({ method }) => method === 'GET') &&
        isSame(finalState, readOrganisationState(store)),
      'the run without faults sent a write',
    ),
    ...problemUnless(
      api.requests === faultyRequests.length,
      `${api.requests} of ${faultyRequests.length} requests reported`,
    ),
    ...problemUnless(isSame(faulty.answer.warnings, clean.answer.warnings), 'the warnings differ'),
    ...problemUnless(secrets.length === 0, `${secrets.length} secrets in the output`),
    ...problemUnless(seconds <= MAX_RUN_S, `the run took ${seconds} s`),
  ];
  return {
    seed,
    module,
    injected: faults.injected,
    requests: faultyRequests.length,
    retries: Number(api.retries),
    seconds,
    needsChange,
    hasConverged: faulty.answer.failed === undefined && differingKeys.length === 0,
    isChangedCorrect: faulty.answer.changed === needsChange && !clean.answer.changed,
    problems,
  };
}

function describeFailures(where: string, { answer, exitCode, stderr }: RunResult): string[] {
  if (exitCode === 0 && stderr === '' && answer.failed === undefined) return [];
  return [`${where}: exit status ${exitCode}, ${answer.error?.code}: ${answer.msg} ${stderr}`];
}

/** Lists keys that changed more than once or should not have changed. */
function findUnexpectedChanges(
  states: readonly OrganisationState[],
  expected: OrganisationState,
): string[] {
  const times = new Map<string, number>();
  for (const [i, state] of states.entries()) {
    for (const key of findDifferences(states[i - 1] ?? state, state)) {
      times.set(key, (times.get(key) ?? 0) + 1);
    }
  }
  const due = new Set(findDifferences(normalizeState(states[0] ?? new Map()), expected));
  return [...times].flatMap(([key, count]) => {
    if (!due.has(key)) return [`${key} should not change, but changed ${count} times`];
    return count > 1 ? [`${key} changed ${count} times`] : [];
  });
}

/** Compares the lists of the result with the expected changes and describes each difference. */
function findWrongLists(
  { answer }: RunResult,
  { module, host }: Scenario,
  initialState: OrganisationState,
  expected: OrganisationState,
): string[] {
  const { systemId } = host;
  const initial = normalizeState(initialState);
  const due = findDifferences(initial, expected).filter((key) => !key.includes(' record '));
  const ids = (keys: string[]) => keys.map((key) => key.slice(key.indexOf(':') + 1)).sort();
  const lists =
    module === 'jumpcloud_system'
      ? {}
      : module === 'jumpcloud_removal'
        ? { removed: expected.has(`${systemId} record id`) ? ids(due) : [systemId] }
        : {
            added: ids(due.filter((key) => !initial.has(key))),
            removed: ids(due.filter((key) => !expected.has(key))),
            updated: ids(due.filter((key) => initial.has(key) && expected.has(key))),
          };
  return Object.entries(lists).flatMap(([name, due]) => {
    const given = [answer, ...Object.values(Object(answer['sections']))].flatMap(
      (fields) => (Object(fields)[name] ?? []) as (string | { id: string })[],
    );
    const listed = given.map((entry) => (typeof entry === 'string' ? entry : entry.id)).sort();
    return problemUnless(isSame(listed, due), `${name} is ${listed}, not ${due}`);
  });
}

function problemUnless(isValid: boolean, problem: string): string[] {
  return isValid ? [] : [problem];
}

function isSame(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) => JSON.stringify(value instanceof Map ? [...value] : value);
  return plain(a) === plain(b);
}
