import { randomBytes } from 'node:crypto';
import { regionOfOrigin } from '../../src/agent/region.ts';
import { readAgentVersion } from '../../src/agent/version.ts';
import { Anonymiser } from './anonymiser.ts';
import { type CleanUpResult, cleanUp } from './clean-up.ts';
import { Client, type Exchange } from './client.ts';
import type { AdministratorCredentials } from './credentials.ts';
import { requireSameOrganisation, UnusableHost } from './host-check.ts';
import type { Probe, Question } from './question.ts';
import { LAST_QUESTION, QUESTIONS } from './questions.ts';
import type { AskedQuestion, FinishedRun } from './report.ts';
import { asTestObject, TEST_OBJECT_KINDS, type TestObject } from './test-object.ts';
import { scopeOf, TestObjects } from './test-objects.ts';
import { UnansweredQuestion } from './unanswered-question.ts';
import { openWire, type WireOptions } from './wire.ts';

/** The options of a run. */
export interface RunOptions extends WireOptions {
  readonly credentials: Pick<AdministratorCredentials, 'kind' | 'open'>;
  readonly deletesRecord: boolean;
  /** A signal to ask no more questions, clean up and end the run. */
  readonly stop: AbortSignal;
  /**
   * The maximum time to wait until a change is visible, in milliseconds. A change that is not
   * visible by then counts as ineffective.
   */
  readonly settleMs: number;
  readonly onExchange?: (exchange: Exchange, anonymiser: Anonymiser) => void;
  readonly onProgress?: (line: string) => void;
}

/** The outcome of a run, and the anonymiser that knows its ids. */
export interface RunOutcome extends FinishedRun {
  readonly anonymiser: Anonymiser;
}

/**
 * Removes the objects that earlier runs left, checks the host, asks all questions, and always
 * cleans up.
 * @throws SurveyError, UnusableHost before anything was created
 */
export async function runProbe(options: RunOptions): Promise<RunOutcome> {
  const { stop, onProgress = () => {}, onExchange = () => {} } = options;
  const anonymiser = new Anonymiser();
  const objects = new TestObjects(randomBytes(4).toString('hex'));
  let description: string | undefined;
  let mayDeleteRecord = false;
  const wire = await openWire(options, options.credentials);
  const client = new Client(
    wire,
    () => scopeOf(objects, wire.systemId, description, mayDeleteRecord),
    stop,
    (exchange) => {
      for (const kind of TEST_OBJECT_KINDS) {
        const created = asTestObject(kind, exchange.body);
        if (created !== undefined) labelObject(anonymiser, created, objects.run);
      }
      for (const object of objects.made.values()) labelObject(anonymiser, object, objects.run);
      onExchange(exchange, anonymiser);
    },
  );
  anonymiser.name(wire.systemId, 'system');
  const clean = () =>
    cleanUp({
      client,
      objects,
      allowDescription: (original) => {
        description = original;
      },
    });
  const asked: AskedQuestion[] = [];
  let last: CleanUpResult | undefined;
  try {
    onProgress('Looking for left-overs of earlier runs');
    const before = await clean();
    reportCleanUp(before, onProgress);
    if (before.left.length > 0 || before.isRecordRestored === false)
      throw new UnusableHost(LEFTOVERS_MESSAGE);
    let probe: Probe | undefined;
    try {
      onProgress('Checking this host and the credentials');
      const record = await requireSameOrganisation(client);
      if (typeof record['hostname'] === 'string') anonymiser.name(record['hostname'], 'host name');
      const { agentDir, settleMs } = options;
      const { dynamicGroups } = before;
      probe = { client, objects, record, agentDir, dynamicGroups, settleMs };
      for (const question of QUESTIONS) asked.push(await askQuestion(question, probe, onProgress));
    } catch (error) {
      if (!stop.aborted) throw error;
      onProgress('Interrupted');
    } finally {
      onProgress('Cleaning up');
      last = await clean();
      reportCleanUp(last, onProgress);
    }
    const isClean = last.left.length === 0 && last.isRecordRestored === true;
    if (probe !== undefined && options.deletesRecord && !stop.aborted && isClean) {
      mayDeleteRecord = true;
      asked.push(await askQuestion(LAST_QUESTION, probe, onProgress));
    }
  } finally {
    wire.close();
  }
  const isAsked = (question: Question) => asked.some((one) => one.question === question);
  return {
    asked,
    unasked: [...QUESTIONS, LAST_QUESTION].filter((question) => !isAsked(question)),
    cleanUp: last,
    requests: client.requests,
    credentials: options.credentials.kind,
    region: regionOfOrigin(wire.origin) ?? 'other',
    agent: readAgentVersion(options.agentDir) ?? 'unknown',
    anonymiser,
  };
}

const LEFTOVERS_MESSAGE =
  'Left-overs of an earlier run could not be removed, so nothing new was created. Remove them in the Admin Portal, or run again.';

async function askQuestion(
  question: Question,
  probe: Probe,
  onProgress: (line: string) => void,
): Promise<AskedQuestion> {
  const { client } = probe;
  const start = client.exchanges.length;
  const asked = () => ({ question, exchanges: client.exchanges.slice(start) });
  onProgress(question.question);
  try {
    const answer = await question.ask(probe);
    const judgement = question.judge(answer);
    onProgress(`  ${judgement.verdict}: ${judgement.summary}`);
    return { ...asked(), answer, judgement };
  } catch (error) {
    if (!(error instanceof UnansweredQuestion)) throw error;
    onProgress(`  not answered: ${error.message}.`);
    return { ...asked(), answer: undefined, reason: error.message };
  }
}

function reportCleanUp({ removed, left }: CleanUpResult, onProgress: (line: string) => void): void {
  if (removed > 0) onProgress(`  ${removed} test objects removed`);
  if (left.length > 0) onProgress(`  still there: ${left.join(', ')}`);
}

/** Labels a test object by its name, for example `group 1`. */
function labelObject(anonymiser: Anonymiser, { id, name }: TestObject, run: string): void {
  const label = name.split('-').slice(-2).join(' ');
  anonymiser.name(id, name.includes(run) ? label : `earlier ${label}`);
}
