import type { StormRates } from '../emulator/faults.ts';
import type { ModuleName, Ran } from '../harness/executable.ts';
import { leaks } from './leaks.ts';
import { differences, meaningOf, type Organisation, organisationOf } from './organisation.ts';
import { makeScene, meaningInCalm, type Scene } from './scene.ts';

const RATES: StormRates = { serverError: 0.2, rateLimit: 0.1, resetBefore: 0.05, resetAfter: 0.05 };

/** What a run may take, in seconds: the default of `timeout`, and two to start and to end. */
const MAX_S = 120 + 2;

/** What came of one run in a storm, and of the calm one after it. */
export interface StormyRun {
  readonly seed: number;
  readonly module: ModuleName;
  /** How often each kind of fault was injected. */
  readonly injected: Readonly<Record<string, number>>;
  readonly requests: number;
  readonly retries: number;
  readonly seconds: number;
  /** Whether there was something to change. */
  readonly changes: boolean;
  readonly converged: boolean;
  readonly changedIsRight: boolean;
  /** Everything that is not as it has to be, for people. */
  readonly problems: readonly string[];
}

/**
 * Runs a random call on a random host, first in a storm, then in calm. It has to reach what the
 * same call reaches on a twin of the host that no fault befalls.
 */
export async function stormyRun(seed: number): Promise<StormyRun> {
  const expected = await meaningInCalm(seed, { isLarge: true });
  const scene = await makeScene(seed, { isLarge: true });
  try {
    return await weather(seed, scene, expected);
  } finally {
    await scene.close();
  }
}

async function weather(seed: number, scene: Scene, expected: Organisation): Promise<StormyRun> {
  const { emulator, module } = scene;
  const { store, faults } = emulator;
  const before = organisationOf(store);
  const run = () => scene.run({ _ansible_verbosity: 3 });

  const seen = [before];
  faults.storm(seed, RATES);
  faults.add({
    // Asked of each request before it is carried out, so no effect of any goes unseen.
    when: () => {
      seen.push(organisationOf(store));
      return false;
    },
    fault: { kind: 'reset-before' },
  });
  const start = performance.now();
  const stormy = await run();
  const seconds = (performance.now() - start) / 1000;
  const inStorm = [...emulator.requests];
  faults.clear();
  const after = organisationOf(store);
  seen.push(after);

  const calm = await run();
  const inCalm = emulator.requests.slice(inStorm.length);

  const changes = differences(meaningOf(before), expected).length > 0;
  const astray = differences(meaningOf(after), expected);
  const secrets = [
    ...(await leaks(stormy.stdout + stormy.stderr, emulator.requests)),
    ...(await leaks(calm.stdout + calm.stderr, emulator.requests)),
  ];
  const api = Object(stormy.answer['api']);
  const problems = [
    ...failures('in the storm', stormy),
    ...failures('in calm', calm),
    ...astray.map((key) => `${key} is ${meaningOf(after).get(key)}, not ${expected.get(key)}`),
    ...unsteady(seen, expected),
    ...mistold(stormy, scene, before, expected),
    ...check(stormy.answer.changed === changes, `changed is ${stormy.answer.changed} in the storm`),
    ...check(!calm.answer.changed, 'changed is true in calm'),
    ...check(
      inCalm.every(({ method }) => method === 'GET') && same(after, organisationOf(store)),
      'the calm run wrote',
    ),
    ...check(api.requests === inStorm.length, `${api.requests} of ${inStorm.length} requests told`),
    ...check(same(stormy.answer.warnings, calm.answer.warnings), 'the warnings differ'),
    ...check(secrets.length === 0, `${secrets.length} secrets in the output`),
    ...check(seconds <= MAX_S, `it took ${seconds} s`),
  ];
  return {
    seed,
    module,
    injected: faults.injected,
    requests: inStorm.length,
    retries: Number(api.retries),
    seconds,
    changes,
    converged: stormy.answer.failed === undefined && astray.length === 0,
    changedIsRight: stormy.answer.changed === changes && !calm.answer.changed,
    problems,
  };
}

function failures(where: string, { answer, exitCode, stderr }: Ran): string[] {
  if (exitCode === 0 && stderr === '' && answer.failed === undefined) return [];
  return [`${where}: exit ${exitCode}, ${answer.error?.code}: ${answer.msg} ${stderr}`];
}

/** What was touched although it was not to change, and what changed more than once on the way. */
function unsteady(seen: readonly Organisation[], expected: Organisation): string[] {
  const times = new Map<string, number>();
  for (const [i, state] of seen.entries()) {
    for (const key of differences(seen[i - 1] ?? state, state)) {
      times.set(key, (times.get(key) ?? 0) + 1);
    }
  }
  const due = new Set(differences(meaningOf(seen[0] ?? new Map()), expected));
  return [...times].flatMap(([key, count]) => {
    if (!due.has(key)) return [`${key} was touched ${count} times`];
    return count > 1 ? [`${key} changed ${count} times`] : [];
  });
}

/** Where the result's lists are not what there was to do. */
function mistold(
  { answer }: Ran,
  { module, host }: Scene,
  before: Organisation,
  expected: Organisation,
): string[] {
  const { systemId } = host;
  const was = meaningOf(before);
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
    const told = given.map((entry) => (typeof entry === 'string' ? entry : entry.id)).sort();
    return check(same(told, due), `${name} is ${told}, not ${due}`);
  });
}

function check(isRight: boolean, problem: string): string[] {
  return isRight ? [] : [problem];
}

function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) => JSON.stringify(value instanceof Map ? [...value] : value);
  return plain(a) === plain(b);
}
