import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import {
  type Answer,
  executablePath,
  type ModuleName,
  type RunResult,
} from '../harness/executable.ts';
import { findLeakedSecrets } from './find-leaked-secrets.ts';
import { differences, normalized, type Organisation, organisationOf } from './organisation.ts';
import type { Random } from './random.ts';
import { makeScenario, outcomeWithoutFaults, type Scenario } from './scenario.ts';

/** The result of a run that receives a signal, and of the next run. */
export interface Interruption {
  readonly module: ModuleName;
  /** When the signal was sent, for people. */
  readonly moment: string;
  /** `killed`: by the signal. Otherwise the process ended itself with an answer. */
  readonly ended: 'interrupted' | 'done' | 'killed';
  /** Whether the first run had made some changes, but not all. */
  readonly halfDone: boolean;
  /** Everything that is wrong, for people. */
  readonly problems: readonly string[];
}

/** Sends a signal at a random moment of a random run, then runs again. */
export async function interruptRandomRun(
  seed: number,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGHUP',
): Promise<Interruption> {
  const expected = await outcomeWithoutFaults(seed, {});
  const scenario = await makeScenario(seed, {});
  try {
    return await interrupt(scenario, signal, expected);
  } finally {
    await scenario.close();
  }
}

async function interrupt(
  scenario: Scenario,
  signal: NodeJS.Signals,
  expected: Organisation,
): Promise<Interruption> {
  const { emulator, host, module, options, random } = scenario;
  const { store, faults } = emulator;
  const before = organisationOf(store);

  const slowness = 5 + random.below(30);
  faults.add({ fault: { kind: 'slow', ms: slowness }, times: 1000 });
  const child = spawn(executablePath(module), [JSON.stringify(options)]);
  const output = Promise.all([textOf(child.stdout), textOf(child.stderr), exitOf(child)]);
  // jumpcloud_host makes up to seven reads before it writes.
  const within = module === 'jumpcloud_host' ? 16 : 5;
  const { moment, reached } = chooseMoment(random, signal, emulator, within);
  await Promise.race([reached, output]);
  child.kill(signal);
  const [stdout, stderr, exitCode] = await output;
  faults.clear();
  // A request that arrived is carried out even if its sender has ended.
  await sleep(slowness + 20);

  const halfway = organisationOf(store);
  const problemsHalfway = removalProblems(emulator, host);
  const again = await scenario.run();
  const after = organisationOf(store);

  const done = differences(before, halfway).length;
  const toDo = differences(normalized(halfway), expected).length;
  const wrongKeys = differences(normalized(after), expected);
  const texts = stdout + stderr + again.stdout + again.stderr;
  const secrets = await findLeakedSecrets(texts, emulator.requests);
  const purges = options['purge_identity'] === true;
  const isKeyLeft = purges && existsSync(join(host.agentDir, 'client.key'));
  const answer: Answer | undefined = exitCode === null ? undefined : JSON.parse(stdout);
  return {
    module,
    moment,
    ended: answer === undefined ? 'killed' : answer.failed ? 'interrupted' : 'done',
    halfDone: done > 0 && toDo > 0,
    problems: [
      ...(signal === 'SIGKILL' ? [] : answerProblems(answer, stdout, stderr, exitCode, done)),
      ...problemsHalfway,
      ...removalProblems(emulator, host),
      ...failure('again', again),
      ...wrongKeys.map((key) => `${key} is ${after.get(key)}, not ${expected.get(key)}`),
      ...check(
        again.answer.changed === toDo > 0 || purges,
        `changed is ${again.answer.changed}, but ${toDo} changes were left`,
      ),
      ...check(secrets.length === 0, 'secrets in the output'),
      ...check(!isKeyLeft, 'the key should have been purged, but still exists'),
    ],
  };
}

/**
 * Chooses when to send the signal: after a time, or after a number of requests. A process that has
 * just started does not handle signals yet, so only SIGKILL is sent after a time.
 */
function chooseMoment(
  random: Random,
  signal: NodeJS.Signals,
  emulator: Emulator,
  withinRequests: number,
) {
  if (signal === 'SIGKILL' && random.chance(0.3)) {
    const ms = random.below(350);
    return { moment: `after ${ms} ms`, reached: sleep(ms) };
  }
  const nth = 1 + random.below(withinRequests);
  const ms = random.below(25);
  const arrived = async () => {
    while (emulator.requests.length < nth) await sleep(1, undefined, { ref: false });
    await sleep(ms);
  };
  return { moment: `${ms} ms after request ${nth}`, reached: arrived() };
}

/** Checks that a host with a record still has its key and no tombstone. */
function removalProblems(emulator: Emulator, host: EnrolledHost): string[] {
  if (!emulator.store.systems.has(host.systemId)) return [];
  const isThere = (name: string) => existsSync(join(host.agentDir, name));
  return [
    ...['jcagent.conf', 'client.key']
      .filter((name) => !isThere(name))
      .map((name) => `the record exists, but ${name} is missing`),
    ...check(!isThere('.removed-from-jumpcloud'), 'the record exists, but so does a tombstone'),
  ];
}

/** Lists what is wrong with the answer of a process that was asked to end. */
function answerProblems(
  answer: Answer | undefined,
  stdout: string,
  stderr: string,
  exitCode: number | null,
  done: number,
): string[] {
  if (answer === undefined) return ['the signal killed the process'];
  return [
    ...check(stdout.split('\n').length === 2, `not one line: ${stdout}`),
    ...check(stderr === '', `on stderr: ${stderr}`),
    ...check(exitCode === (answer.failed ? 1 : 0), `exit ${exitCode}`),
    ...check(
      !answer.failed || answer.error?.code === 'interrupted',
      `${answer.error?.code}: ${answer.msg}`,
    ),
    ...check(!answer.changed || done > 0, 'changed is true, but nothing was changed'),
  ];
}

function failure(where: string, { answer, stderr, exitCode }: RunResult): string[] {
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
