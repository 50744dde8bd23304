import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import {
  type Answer,
  executablePath,
  type ModuleName,
  type Ran,
  runModule,
} from '../harness/executable.ts';
import { WRITING_MODULES } from '../harness/furniture.ts';
import { leaks } from './leaks.ts';
import { differences, meaningOf, organisationOf } from './organisation.ts';
import { Random } from './random.ts';
import { populate, someWish } from './stormy-wish.ts';

/** What a run that gets a signal left behind, and what the next one made of it. */
export interface Interruption {
  readonly module: ModuleName;
  /** When the signal came, for people. */
  readonly moment: string;
  /** How the process ended: by itself with an exit code, or by the signal. */
  readonly ended: 'interrupted' | 'done' | 'killed';
  /** Whether the first run had written something, but not all. */
  readonly halfDone: boolean;
  /** Everything that is not as it has to be, for people. */
  readonly problems: readonly string[];
}

/** Sends a signal at a random moment of a random run, then runs again. */
export async function interruption(
  seed: number,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGHUP',
): Promise<Interruption> {
  const random = new Random(seed);
  const emulator = await startEmulator();
  const host = await emulator.enrol();
  try {
    return await interrupt(random, signal, emulator, host);
  } finally {
    await emulator.close();
    await host.remove();
  }
}

async function interrupt(
  random: Random,
  signal: NodeJS.Signals,
  emulator: Emulator,
  host: EnrolledHost,
): Promise<Interruption> {
  const { store, faults } = emulator;
  const pools = populate(store, [host.systemId], random);
  const module = random.of(...WRITING_MODULES);
  const before = organisationOf(store);
  const wish = someWish(module, host.systemId, pools, before, random);
  const options = { agent_dir: host.agentDir, api_url: emulator.url, ...wish.options };

  const slowness = 5 + random.below(30);
  faults.add({ fault: { kind: 'slow', ms: slowness }, times: 1000 });
  const child = spawn(executablePath(module), [JSON.stringify(options)]);
  const output = Promise.all([textOf(child.stdout), textOf(child.stderr), exitOf(child)]);
  // A whole document is a run of up to seven reads before it writes.
  const within = module === 'jumpcloud_host' ? 16 : 5;
  const { moment, come } = momentOf(random, signal, emulator, within);
  await Promise.race([come, output]);
  child.kill(signal);
  const [stdout, stderr, exitCode] = await output;
  faults.clear();
  // A request that arrived is carried out, whatever became of who sent it.
  await sleep(slowness + 20);

  const halfway = organisationOf(store);
  const atHalf = falselyRemoved(emulator, host);
  const again = await runModule(module, options);
  const after = organisationOf(store);

  const done = differences(before, halfway).length;
  const toDo = differences(meaningOf(halfway), wish.expected).length;
  const astray = differences(meaningOf(after), wish.expected);
  const texts = stdout + stderr + again.stdout + again.stderr;
  const secrets = await leaks(texts, emulator.requests);
  const purges = wish.options['purge_identity'] === true;
  const unpurged = purges && existsSync(join(host.agentDir, 'client.key'));
  const answer: Answer | undefined = exitCode === null ? undefined : JSON.parse(stdout);
  return {
    module,
    moment,
    ended: answer === undefined ? 'killed' : answer.failed ? 'interrupted' : 'done',
    halfDone: done > 0 && toDo > 0,
    problems: [
      ...(signal === 'SIGKILL' ? [] : against(answer, stdout, stderr, exitCode, done)),
      ...atHalf,
      ...falselyRemoved(emulator, host),
      ...failure('again', again),
      ...astray.map((key) => `${key} is ${after.get(key)}, not ${wish.expected.get(key)}`),
      ...check(
        again.answer.changed === toDo > 0 || purges,
        `changed is ${again.answer.changed}, left to do were ${toDo}`,
      ),
      ...check(secrets.length === 0, 'secrets in the output'),
      ...check(!unpurged, 'the key was to be purged and is still there'),
    ],
  };
}

/**
 * Chooses when the signal is to come: by the clock, or by what the emulator sees. A process that
 * has only just been started does not listen yet, so one that is asked to end is left that time.
 */
function momentOf(
  random: Random,
  signal: NodeJS.Signals,
  emulator: Emulator,
  withinRequests: number,
) {
  if (signal === 'SIGKILL' && random.chance(0.3)) {
    const ms = random.below(350);
    return { moment: `after ${ms} ms`, come: sleep(ms) };
  }
  const nth = 1 + random.below(withinRequests);
  const ms = random.below(25);
  const arrived = async () => {
    while (emulator.requests.length < nth) await sleep(1, undefined, { ref: false });
    await sleep(ms);
  };
  return { moment: `${ms} ms after request ${nth}`, come: arrived() };
}

/** While its record lives, a host must never be without its key, or say that it was removed. */
function falselyRemoved(emulator: Emulator, host: EnrolledHost): string[] {
  if (!emulator.store.systems.has(host.systemId)) return [];
  const isThere = (name: string) => existsSync(join(host.agentDir, name));
  return [
    ...['jcagent.conf', 'client.key']
      .filter((name) => !isThere(name))
      .map((name) => `the record lives, and ${name} is gone`),
    ...check(!isThere('.removed-from-jumpcloud'), 'the record lives, and there is a tombstone'),
  ];
}

/** What is wrong with the answer of a process that was asked to end. */
function against(
  answer: Answer | undefined,
  stdout: string,
  stderr: string,
  exitCode: number | null,
  done: number,
): string[] {
  if (answer === undefined) return ['the process died of the signal'];
  return [
    ...check(stdout.split('\n').length === 2, `not one line: ${stdout}`),
    ...check(stderr === '', `on stderr: ${stderr}`),
    ...check(exitCode === (answer.failed ? 1 : 0), `exit ${exitCode}`),
    ...check(
      !answer.failed || answer.error?.code === 'interrupted',
      `${answer.error?.code}: ${answer.msg}`,
    ),
    ...check(!answer.changed || done > 0, 'says that it changed something, and did not'),
  ];
}

function failure(where: string, { answer, stderr, exitCode }: Ran): string[] {
  return check(
    exitCode === 0 && stderr === '',
    `${where}: exit ${exitCode}, ${answer.error?.code}: ${answer.msg} ${stderr}`,
  );
}

const check = (isRight: boolean, problem: string) => (isRight ? [] : [problem]);

async function textOf(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('exit', resolve));
}
