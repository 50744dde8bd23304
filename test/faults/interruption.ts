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
import {
  findDifferences,
  normalizeState,
  type OrganisationState,
  readOrganisationState,
} from './organisation-state.ts';
import type { Random } from './random.ts';
import { makeScenario, runWithoutFaults, type Scenario } from './scenario.ts';

/** The outcome of interrupting a run with a signal and then repeating the run. */
export interface Interruption {
  readonly module: ModuleName;
  /** Describes when the signal was sent. */
  readonly moment: string;
  /** `killed` if the signal ended the process. Otherwise the process printed an answer. */
  readonly outcome: 'interrupted' | 'done' | 'killed';
  /** True if the first run made some of its changes, but not all. */
  readonly isHalfDone: boolean;
  /** What was wrong after the interruption, one description for each problem. */
  readonly problems: readonly string[];
}

/** Sends a signal at a random moment of a random run, then runs again. */
export async function interruptRandomRun(
  seed: number,
  signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGHUP',
): Promise<Interruption> {
  const expected = await runWithoutFaults(seed, {});
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
  expected: OrganisationState,
): Promise<Interruption> {
  const { emulator, host, module, options, random } = scenario;
  const { store, faults } = emulator;
  const initialState = readOrganisationState(store);

  const delayMs = 5 + random.integerBelow(30);
  faults.add({ fault: { kind: 'slow', ms: delayMs }, times: 1000 });
  const child = spawn(executablePath(module), [JSON.stringify(options)]);
  const output = Promise.all([readText(child.stdout), readText(child.stderr), waitForExit(child)]);
  // jumpcloud_host makes up to seven reads before it writes.
  const maxRequests = module === 'jumpcloud_host' ? 16 : 5;
  const { moment, reached } = chooseMoment(random, signal, emulator, maxRequests);
  await Promise.race([reached, output]);
  child.kill(signal);
  const [stdout, stderr, exitCode] = await output;
  faults.clear();
  // The emulator carries out a received request even if the client has ended.
  await sleep(delayMs + 20);

  const interruptedState = readOrganisationState(store);
  const problemsAfterSignal = findRemovalProblems(emulator, host);
  const again = await scenario.run();
  const finalState = readOrganisationState(store);

  const changesMade = findDifferences(initialState, interruptedState).length;
  const changesLeft = findDifferences(normalizeState(interruptedState), expected).length;
  const differingKeys = findDifferences(normalizeState(finalState), expected);
  const texts = stdout + stderr + again.stdout + again.stderr;
  const secrets = await findLeakedSecrets(texts, emulator.requests);
  const isPurge = options['purge_identity'] === true;
  const isKeyLeft = isPurge && existsSync(join(host.agentDir, 'client.key'));
  const answer: Answer | undefined = exitCode === null ? undefined : JSON.parse(stdout);
  return {
    module,
    moment,
    outcome: answer === undefined ? 'killed' : answer.failed ? 'interrupted' : 'done',
    isHalfDone: changesMade > 0 && changesLeft > 0,
    problems: [
      ...(signal === 'SIGKILL'
        ? []
        : findAnswerProblems(answer, stdout, stderr, exitCode, changesMade)),
      ...problemsAfterSignal,
      ...findRemovalProblems(emulator, host),
      ...describeFailure('again', again),
      ...differingKeys.map((key) => `${key} is ${finalState.get(key)}, not ${expected.get(key)}`),
      ...problemUnless(
        again.answer.changed === changesLeft > 0 || isPurge,
        `changed is ${again.answer.changed}, but ${changesLeft} changes were left`,
      ),
      ...problemUnless(secrets.length === 0, 'secrets in the output'),
      ...problemUnless(!isKeyLeft, 'the key should have been purged, but still exists'),
    ],
  };
}

/**
 * Chooses when to send the signal: after a number of requests or, for SIGKILL only, after a time. A
 * process that has just started does not handle other signals yet.
 */
function chooseMoment(
  random: Random,
  signal: NodeJS.Signals,
  emulator: Emulator,
  maxRequests: number,
) {
  if (signal === 'SIGKILL' && random.chance(0.3)) {
    const ms = random.integerBelow(350);
    return { moment: `after ${ms} ms`, reached: sleep(ms) };
  }
  const nth = 1 + random.integerBelow(maxRequests);
  const ms = random.integerBelow(25);
  const arrived = async () => {
    while (emulator.requests.length < nth) await sleep(1, undefined, { ref: false });
    await sleep(ms);
  };
  return { moment: `${ms} ms after request ${nth}`, reached: arrived() };
}

/** Checks that a host with a record still has its key and no tombstone. */
function findRemovalProblems(emulator: Emulator, host: EnrolledHost): string[] {
  if (!emulator.store.systems.has(host.systemId)) return [];
  const hasFile = (name: string) => existsSync(join(host.agentDir, name));
  return [
    ...['jcagent.conf', 'client.key']
      .filter((name) => !hasFile(name))
      .map((name) => `the record exists, but ${name} is missing`),
    ...problemUnless(
      !hasFile('.removed-from-jumpcloud'),
      'the record exists, but so does a tombstone',
    ),
  ];
}

/** Lists problems in the answer of a process that received a signal. */
function findAnswerProblems(
  answer: Answer | undefined,
  stdout: string,
  stderr: string,
  exitCode: number | null,
  changesMade: number,
): string[] {
  if (answer === undefined) return ['the signal killed the process'];
  return [
    ...problemUnless(stdout.split('\n').length === 2, `not one line: ${stdout}`),
    ...problemUnless(stderr === '', `on stderr: ${stderr}`),
    ...problemUnless(exitCode === (answer.failed ? 1 : 0), `exit status ${exitCode}`),
    ...problemUnless(
      !answer.failed || answer.error?.code === 'interrupted',
      `${answer.error?.code}: ${answer.msg}`,
    ),
    ...problemUnless(
      !answer.changed || changesMade > 0,
      'changed is true, but nothing was changed',
    ),
  ];
}

function describeFailure(where: string, { answer, stderr, exitCode }: RunResult): string[] {
  return problemUnless(
    exitCode === 0 && stderr === '',
    `${where}: exit status ${exitCode}, ${answer.error?.code}: ${answer.msg} ${stderr}`,
  );
}

const problemUnless = (isValid: boolean, problem: string) => (isValid ? [] : [problem]);

async function readText(stream: AsyncIterable<Buffer> | null): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function waitForExit(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.on('exit', resolve));
}
