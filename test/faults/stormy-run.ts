import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import type { StormRates } from '../emulator/faults.ts';
import { type ModuleName, type Ran, runModule } from '../harness/executable.ts';
import { WRITING_MODULES } from '../harness/furniture.ts';
import { leaks } from './leaks.ts';
import { differences, meaningOf, type Organisation, organisationOf } from './organisation.ts';
import { Random } from './random.ts';
import { joinMany, populate, someWish, type Wish } from './stormy-wish.ts';

const RATES: StormRates = { serverError: 0.2, rateLimit: 0.1, resetBefore: 0.05, resetAfter: 0.05 };

/** What a run may take, in seconds: the default of `timeout`, and two to start and to end. */
const LONGEST_S = 120 + 2;

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

/** Runs a module on a random host with a random wish, first in a storm, then in calm. */
export async function stormyRun(seed: number): Promise<StormyRun> {
  const random = new Random(seed);
  const emulator = await startEmulator({ observeLag: random.chance(0.25) ? 400 : 0 });
  const hosts = [await emulator.enrol(), await emulator.enrol()] as const;
  try {
    return await weather(seed, random, emulator, hosts);
  } finally {
    await emulator.close();
    for (const host of hosts) await host.remove();
  }
}

async function weather(
  seed: number,
  random: Random,
  emulator: Emulator,
  [host, bystander]: readonly [EnrolledHost, EnrolledHost],
): Promise<StormyRun> {
  const { store, faults } = emulator;
  const pools = populate(store, [host.systemId, bystander.systemId], random);
  const module = random.of(...WRITING_MODULES);
  if (module === 'jumpcloud_group_membership' && random.chance(0.15)) {
    joinMany(store, host.systemId, 105);
  }
  const before = organisationOf(store);
  const wish = someWish(module, host.systemId, pools, before, random);
  const connection = { agent_dir: host.agentDir, api_url: emulator.url, _ansible_verbosity: 3 };
  const run = () => runModule(module, { ...connection, ...wish.options });

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

  const changes = differences(meaningOf(before), wish.expected).length > 0;
  const astray = differences(meaningOf(after), wish.expected);
  const secrets = [
    ...(await leaks(stormy.stdout + stormy.stderr, emulator.requests)),
    ...(await leaks(calm.stdout + calm.stderr, emulator.requests)),
  ];
  const api = Object(stormy.answer['api']);
  const problems = [
    ...failures('in the storm', stormy),
    ...failures('in calm', calm),
    ...astray.map((key) => `${key} is ${meaningOf(after).get(key)}, not ${wish.expected.get(key)}`),
    ...unsteady(seen, wish),
    ...mistold(stormy, wish, before, host.systemId),
    ...check(stormy.answer.changed === changes, `changed is ${stormy.answer.changed} in the storm`),
    ...check(!calm.answer.changed, 'changed is true in calm'),
    ...check(
      inCalm.every(({ method }) => method === 'GET') && same(after, organisationOf(store)),
      'the calm run wrote',
    ),
    ...check(api.requests === inStorm.length, `${api.requests} of ${inStorm.length} requests told`),
    ...check(same(stormy.answer.warnings, calm.answer.warnings), 'the warnings differ'),
    ...check(secrets.length === 0, `${secrets.length} secrets in the output`),
    ...check(seconds <= LONGEST_S, `it took ${seconds} s`),
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
function unsteady(seen: readonly Organisation[], wish: Wish): string[] {
  const times = new Map<string, number>();
  for (const [i, state] of seen.entries()) {
    for (const key of differences(seen[i - 1] ?? state, state)) {
      times.set(key, (times.get(key) ?? 0) + 1);
    }
  }
  const due = new Set(differences(meaningOf(seen[0] ?? new Map()), wish.expected));
  return [...times].flatMap(([key, count]) => {
    if (!due.has(key)) return [`${key} was touched ${count} times`];
    return count > 1 ? [`${key} changed ${count} times`] : [];
  });
}

/** Where the result's lists are not what there was to do. */
function mistold({ answer }: Ran, wish: Wish, before: Organisation, systemId: string): string[] {
  const was = meaningOf(before);
  const due = differences(was, wish.expected).filter((key) => !key.includes(' record '));
  const ids = (keys: string[]) => keys.map((key) => key.slice(key.indexOf(':') + 1)).sort();
  const lists =
    wish.module === 'jumpcloud_system'
      ? {}
      : wish.module === 'jumpcloud_removal'
        ? { removed: wish.expected.has(`${systemId} record id`) ? ids(due) : [systemId] }
        : {
            added: ids(due.filter((key) => !was.has(key))),
            removed: ids(due.filter((key) => !wish.expected.has(key))),
            updated: ids(due.filter((key) => was.has(key) && wish.expected.has(key))),
          };
  return Object.entries(lists).flatMap(([name, expected]) => {
    const given = [answer, ...Object.values(Object(answer['sections']))].flatMap(
      (fields) => (Object(fields)[name] ?? []) as (string | { id: string })[],
    );
    const told = given.map((entry) => (typeof entry === 'string' ? entry : entry.id)).sort();
    return check(same(told, expected), `${name} is ${told}, not ${expected}`);
  });
}

function check(isRight: boolean, problem: string): string[] {
  return isRight ? [] : [problem];
}

function same(a: unknown, b: unknown): boolean {
  const plain = (value: unknown) => JSON.stringify(value instanceof Map ? [...value] : value);
  return plain(a) === plain(b);
}
