import type { StormRates } from '../emulator/faults.ts';
import type { ModuleName, RunResult } from '../harness/executable.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';
import { differences, normalized, type Organisation, organisationOf } from './organisation.ts';
import { makeScenario, outcomeWithoutFaults, type Scenario } from './scenario.ts';

const RATES: StormRates = { serverError: 0.2, rateLimit: 0.1, resetBefore: 0.05, resetAfter: 0.05 };

/** The maximum time of a run, in seconds: the default `timeout`, and two to start and end. */
const MAX_S = 120 + 2;

/** The result of a call with random faults, and of the same call again without faults. */
export interface StormyRun {
  readonly seed: number;
  readonly module: ModuleName;
  /** The number of injected faults of each kind. */
  readonly injected: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly retries: number;
  readonly seconds: number;
  /** Whether there was something to change. */
  readonly changes: boolean;
  readonly converged: boolean;
  readonly changedIsRight: boolean;
  /** Everything that is wrong, for people. */
  readonly problems: readonly string[];
}

/**
 * Runs a random call on a random host, first with random faults, then without. The result must
 * equal that of the same call on an identical host without faults.
 */
export async function runInStorm(seed: number): Promise<StormyRun> {
  const expected = await outcomeWithoutFaults(seed, { isLarge: true });
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
  expected: Organisation,
): Promise<StormyRun> {
  const { emulator, module } = scenario;
  const { store, faults } = emulator;
  const before = organisationOf(store);
  const run = () => scenario.run({ _ansible_verbosity: 3 });

  const states = [before];
  faults.storm(seed, RATES);
  faults.add({
    // Called before each request is carried out, so every effect is recorded.
    when: () => {
      states.push(organisationOf(store));
      return false;
    },
    fault: { kind: 'reset-before' },
  });
  const start = performance.now();
  const faulty = await run();
  const seconds = (performance.now() - start) / 1000;
  const faultyRequests = [...emulator.requests];
  faults.clear();
  const after = organisationOf(store);
  states.push(after);

  const clean = await run();
  const cleanRequests = emulator.requests.slice(faultyRequests.length);

  const changes = differences(normalized(before), expected).length > 0;
  const wrongKeys = differences(normalized(after), expected);
  const secrets = [
    ...(await findLeakedSecrets(faulty.stdout + faulty.stderr, emulator.requests)),
    ...(await findLeakedSecrets(clean.stdout + clean.stderr, emulator.requests)),
  ];
  const api = Object(faulty.answer['api']);
  const problems = [
    ...failures('with faults', faulty),
    ...failures('without faults', clean),
    ...wrongKeys.map((key) => `${key} is ${normalized(after).get(key)}, not ${expected.get(key)}`),
    ...repeatedChanges(states, expected),
    ...wrongLists(faulty, scenario, before, expected),
    ...check(faulty.answer.changed === changes, `changed is ${faulty.answer.changed} with faults`),
    ...check(!clean.answer.changed, 'changed is true without faults'),
    ...check(
      cleanRequests.every(({ method }) => method === 'GET') && isSame(after, organisationOf(store)),
      'the run without faults wrote',
    ),
    ...check(
      api.requests === faultyRequests.length,
      `${api.requests} of ${faultyRequests.length} requests reported`,
    ),
    ...check(isSame(faulty.answer.warnings, clean.answer.warnings), 'the warnings differ'),
    ...check(secrets.length === 0, `${secrets.length} secrets in the output`),
    ...check(seconds <= MAX_S, `it took ${seconds} s`),
  ];
  return {
    seed,
    module,
    injected: faults.injected,
    requests: faultyRequests.length,
    retries: Number(api.retries),
    seconds,
    changes,
    converged: faulty.answer.failed === undefined && wrongKeys.length === 0,
    changedIsRight: faulty.answer.changed === changes && !clean.answer.changed,
    problems,
  };
}

function failures(where: string, { answer, exitCode, stderr }: RunResult): string[] {
  if (exitCode === 0 && stderr === '' && answer.failed === undefined) return [];
  return [`${where}: exit ${exitCode}, ${answer.error?.code}: ${answer.msg} ${stderr}`];
}

/** Lists keys that changed although they should not, and keys that changed more than once. */
function repeatedChanges(states: readonly Organisation[], expected: Organisation): string[] {
  const times = new Map<string, number>();
  for (const [i, state] of states.entries()) {
    for (const key of differences(states[i - 1] ?? state, state)) {
      times.set(key, (times.get(key) ?? 0) + 1);
    }
  }
  const due = new Set(differences(normalized(states[0] ?? new Map()), expected));
  return [...times].flatMap(([key, count]) => {
    if (!due.has(key)) return [`${key} should not change, but changed ${count} times`];
    return count > 1 ? [`${key} changed ${count} times`] : [];
  });
}

/** Lists where the result's lists differ from the changes that were due. */
function wrongLists(
  { answer }: RunResult,
  { module, host }: Scenario,
  before: Organisation,
  expected: Organisation,
): string[] {
  const { systemId } = host;
  const was = normalized(before);
  const due = differences(was, expected).filter((key) => !key.includes(' record '));
  const ids = (keys: string[]) => keys.map((key) => key.slice(key.indexOf(':') + 1)).sort();
  const lists =
    module === 'jumpcloud_system'
      ? {}
      : module === 'jumpcloud_removal'
        ? { removed: expected.has(`${systemId} record id`) ? ids(due) : [systemId] }
        : {
            added: ids(due.filter((key) => !was.has(key))),
            removed: ids(due.filter((key) => !expected.has(key))),
            updated: ids(due.filter((key) => was.has(key) && expected.has(key))),
          };
  return Object.entries(lists).flatMap(([name, due]) => {
    const given = [answer, ...Object.values(Object(answer['sections']))].flatMap(
      (fields) => (Object(fields)[name] ?? []) as (string | { id: string })[],
    );
    const listed = given.map((entry) => (typeof entry === 'string' ? entry : entry.id)).sort();
    return check(isSame(listed, due), `${name} is ${listed}, not ${due}`);
  });
}

function check(isRight: boolean, problem: string): string[] {
  return isRight ? [] : [problem];
}

function isSame(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) => JSON.stringify(value instanceof Map ? [...value] : value);
  return plain(a) === plain(b);
}
