import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { test } from '../../harness/emulator-fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import {
  answersInOrder,
  htmlPage,
  jumpCloudError,
  recordAnswer,
  type ScriptedAnswer,
  startScriptedJumpCloud,
  undatedError,
} from './scripted-jumpcloud.ts';

const IDENTITY_FILES = ['ca.crt', 'client.crt', 'client.key', 'jcagent.conf'];
const TOMBSTONE = '.removed-from-jumpcloud';
const MARKER = '.removing-from-jumpcloud';
const RECORD = 'the record';

type JumpCloudAnswer = ScriptedAnswer | typeof RECORD;

/** The answers to the first GET. */
const FIRST_GET_ANSWERS: Readonly<Record<string, JumpCloudAnswer>> = {
  'the record': RECORD,
  '401': jumpCloudError(401),
  '404': jumpCloudError(404),
  '401 without Date': undatedError(401),
  'a page with 401': htmlPage(401),
  'a page with 404': htmlPage(404),
};

/**
 * The answers to the DELETE requests of a run, and what they show about the deletion. `code` is the
 * error code if the run fails because of the last answer.
 */
const DELETE_ANSWERS = {
  '200': { answers: [RECORD], means: 'confirmed' },
  'cut, then 401': { answers: ['cut', jumpCloudError(401)], means: 'lost' },
  'cut, then 404': { answers: ['cut', jumpCloudError(404)], means: 'lost' },
  '503, then 401': { answers: [jumpCloudError(503), jumpCloudError(401)], means: 'lost' },
  'cut, then 403': { answers: ['cut', jumpCloudError(403)], means: 'uncertain', code: 'rejected' },
  '501': { answers: [htmlPage(501)], means: 'uncertain', code: 'unexpected_response' },
  '401': { answers: [jumpCloudError(401)], means: 'denied' },
  '404': { answers: [jumpCloudError(404)], means: 'denied' },
  '429, then 401': { answers: [jumpCloudError(429), jumpCloudError(401)], means: 'denied' },
  '400': { answers: [jumpCloudError(400)], means: 'refused', code: 'rejected' },
  '403': { answers: [jumpCloudError(403)], means: 'refused', code: 'rejected' },
  '302': { answers: [htmlPage(302)], means: 'refused', code: 'unexpected_response' },
  'a page with 401': { answers: [htmlPage(401)], means: 'refused', code: 'unexpected_response' },
  'a page with 404': { answers: [htmlPage(404)], means: 'refused', code: 'unexpected_response' },
} as const satisfies Record<
  string,
  { answers: readonly JumpCloudAnswer[]; means: string; code?: string }
>;

/** The answers to the GET after the DELETE. */
const LAST_GET_ANSWERS: Readonly<Record<string, JumpCloudAnswer>> = FIRST_GET_ANSWERS;

/** The marker file before the run: none, or one with a system id and the URL of a server. */
const MARKERS = ['none', 'of this system and address', 'of another system', 'of another address'];

interface Case {
  readonly first: string;
  readonly del: keyof typeof DELETE_ANSWERS | undefined;
  readonly after: string;
  readonly purge: boolean;
  readonly marker: string;
}

interface ExpectedOutcome {
  readonly code?: string;
  readonly removed?: boolean;
  /** Whether the run writes the tombstone and, with purge_identity, deletes the files. */
  readonly gone?: boolean;
  /** Whether the marker file is kept for the next run. */
  readonly marked?: boolean;
}

/**
 * Returns the outcome that follows from the rule of proof in the documentation of
 * jumpcloud_removal.
 */
function expectedOutcome({ first, del, after, purge, marker }: Case): ExpectedOutcome {
  const isMarked = marker === 'of this system and address';
  const denied = (answer: string, isProven: boolean): ExpectedOutcome => {
    const isTimed = answer !== '401 without Date';
    if (isProven && isTimed) return { gone: true };
    if (answer === '404' && !purge) return {};
    return { code: 'unauthorized', marked: isProven };
  };
  if (first.startsWith('a page')) return { code: 'unexpected_response', marked: isMarked };
  if (first !== 'the record') return denied(first, isMarked);
  if (del === undefined) throw new Error('A case with an existing record needs a DELETE.');
  const deletion: { means: string; code?: string } = DELETE_ANSWERS[del];
  switch (deletion.means) {
    case 'refused':
      return { ...deletion };
    case 'uncertain':
      return { ...deletion, marked: true };
    case 'denied':
      // The first GET found the record, so the DELETE of the earlier run had no effect. Its marker
      // proves nothing and is not kept.
      if (after.startsWith('a page')) return { code: 'unexpected_response' };
      if (after === 'the record') return { code: 'unauthorized' };
      return denied(after, false);
    default: {
      if (after.startsWith('a page')) {
        return { code: 'unexpected_response', removed: true, marked: true };
      }
      if (after === 'the record') return { code: 'not_applied' };
      const isProven = deletion.means === 'confirmed' || after !== '401 without Date';
      return isProven ? { gone: true, removed: true } : { code: 'unauthorized', marked: true };
    }
  }
}

const CASES: Case[] = Object.keys(FIRST_GET_ANSWERS).flatMap((first) =>
  [false, true].flatMap((purge) =>
    MARKERS.flatMap((marker): Case[] => {
      if (first !== 'the record') return [{ first, del: undefined, after: '', purge, marker }];
      return (Object.keys(DELETE_ANSWERS) as (keyof typeof DELETE_ANSWERS)[]).flatMap((del) => {
        const isLast = 'code' in DELETE_ANSWERS[del];
        const afters = isLast ? ['401'] : Object.keys(LAST_GET_ANSWERS);
        return afters.map((after) => ({ first, del, after, purge, marker }));
      });
    }),
  ),
);

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

async function expectOutcome(testCase: Case): Promise<void> {
  const { agentDir, systemId, remove } = await emulator.enrol();
  const answerOf = (answer: JumpCloudAnswer | undefined) =>
    answer === RECORD || answer === undefined ? recordAnswer(systemId) : answer;
  const deletes: readonly JumpCloudAnswer[] =
    testCase.del === undefined ? [] : DELETE_ANSWERS[testCase.del].answers;
  const server = await startScriptedJumpCloud(
    answersInOrder({
      // With a marker file, the module reads the record again while it holds the lock.
      GET: [
        answerOf(FIRST_GET_ANSWERS[testCase.first]),
        ...(testCase.del !== undefined && testCase.marker === 'of this system and address'
          ? [answerOf(RECORD)]
          : []),
        answerOf(LAST_GET_ANSWERS[testCase.after]),
      ],
      DELETE: deletes.map(answerOf),
    }),
  );
  const pathOf = (name: string) => join(agentDir, name);
  const content = {
    system_key: testCase.marker === 'of another system' ? 'f'.repeat(24) : systemId,
    api_url: testCase.marker === 'of another address' ? 'https://other.example' : server.url,
  };
  if (testCase.marker !== 'none') writeFileSync(pathOf(MARKER), JSON.stringify(content));
  try {
    const options = { agent_dir: agentDir, api_url: server.url, purge_identity: testCase.purge };
    // The module polls a record that still exists until the budget ends.
    const timeout = testCase.after === 'the record' ? 2 : 20;
    const answer = await runInProcess('jumpcloud_removal', { ...options, timeout }, false);
    const expected = expectedOutcome(testCase);
    const isPurged = expected.gone === true && testCase.purge;
    const { code, removed = false, gone = false, marked = false } = expected;
    expect(answer.error?.code, answer.msg).toBe(code);
    expect(answer.changed).toBe(removed || isPurged);
    expect(answer['removed'] ?? []).toEqual(removed ? [{ type: 'system', id: systemId }] : []);
    expect(answer.warnings).toEqual([]);
    const files = readdirSync(agentDir);
    expect(IDENTITY_FILES.filter((name) => files.includes(name))).toEqual(
      isPurged ? [] : IDENTITY_FILES,
    );
    expect(files.includes(TOMBSTONE)).toBe(gone);
    const isOtherMarker = testCase.marker.startsWith('of another');
    if (marked || !isOtherMarker) expect(files.includes(MARKER)).toBe(marked);
    if (!removed && !gone) expectNoUnprovenDeletion(answer.msg, testCase.del);
    const needsManualPurge =
      testCase.del === undefined ? testCase.first === '404' : testCase.after !== RECORD;
    if (code === 'unauthorized' && testCase.purge && needsManualPurge) {
      for (const name of IDENTITY_FILES) expect(answer.msg).toContain(pathOf(name));
    }
  } finally {
    await server.close();
    await remove();
  }
}

/** Expects that the message claims a deletion only if JumpCloud has confirmed the DELETE. */
function expectNoUnprovenDeletion(msg: string, del: Case['del']): void {
  if (del === '200') return;
  const claims = msg.replace(/(Cause|Possible causes): .*/, '');
  expect(claims).not.toMatch(/was (deleted|removed)|Removed|has been (deleted|removed)/);
}

describe.concurrent.each(MARKERS)('jumpcloud_removal with a marker file: %s', (marker) => {
  const rows = CASES.filter((row) => row.marker === marker).map((row): [string, Case] => {
    const { first, del, after, purge } = row;
    const then = del === undefined ? '' : `, DELETE ${del}, GET ${after}`;
    return [`GET ${first}${then}${purge ? ', with purge_identity' : ''}`, row];
  });
  test.each(rows)(
    'a removal that gets the answers "%s" purges files only if the record is proven to be gone',
    (_, row) => expectOutcome(row),
  );
});
