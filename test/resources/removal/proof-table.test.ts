import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { test } from '../../harness/emulator-fixture.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import {
  jumpClouds,
  page,
  record,
  type Scripted,
  script,
  startScripted,
  undated,
} from './scripted-jumpcloud.ts';

const IDENTITY = ['ca.crt', 'client.crt', 'client.key', 'jcagent.conf'];
const TOMBSTONE = '.removed-from-jumpcloud';
const MARKER = '.removing-from-jumpcloud';
const OWN = 'the record';

type Given = Scripted | typeof OWN;

/** What the first read is answered. */
const FIRST: Readonly<Record<string, Given>> = {
  'the record': OWN,
  '401': jumpClouds(401),
  '404': jumpClouds(404),
  '401 without Date': undated(401),
  'a page with 401': page(401),
  'a page with 404': page(404),
};

/** What DELETEs are answered, what that says of them, and the code of a run that ends with it. */
const DELETES = {
  '200': { answers: [OWN], means: 'answered' },
  'cut, then 401': { answers: ['cut', jumpClouds(401)], means: 'lost' },
  'cut, then 404': { answers: ['cut', jumpClouds(404)], means: 'lost' },
  '503, then 401': { answers: [jumpClouds(503), jumpClouds(401)], means: 'lost' },
  'cut, then 403': { answers: ['cut', jumpClouds(403)], means: 'may be done', code: 'rejected' },
  '501': { answers: [page(501)], means: 'may be done', code: 'unexpected_response' },
  '401': { answers: [jumpClouds(401)], means: 'denied' },
  '404': { answers: [jumpClouds(404)], means: 'denied' },
  '429, then 401': { answers: [jumpClouds(429), jumpClouds(401)], means: 'denied' },
  '400': { answers: [jumpClouds(400)], means: 'refused', code: 'rejected' },
  '403': { answers: [jumpClouds(403)], means: 'refused', code: 'rejected' },
  '302': { answers: [page(302)], means: 'refused', code: 'unexpected_response' },
  'a page with 401': { answers: [page(401)], means: 'refused', code: 'unexpected_response' },
  'a page with 404': { answers: [page(404)], means: 'refused', code: 'unexpected_response' },
} as const satisfies Record<string, { answers: readonly Given[]; means: string; code?: string }>;

/** What reading is answered after a DELETE. */
const AFTER: Readonly<Record<string, Given>> = FIRST;

/** Which run has left a marker. */
const MARKERS = ['none', 'of this system and address', 'of another system', 'of another address'];

interface Case {
  readonly first: string;
  readonly del: keyof typeof DELETES | undefined;
  readonly after: string;
  readonly purge: boolean;
  readonly marker: string;
}

interface Expected {
  readonly code?: string;
  readonly removed?: boolean;
  /** Whether the tombstone is there, and the files are gone if they were to be purged. */
  readonly gone?: boolean;
  /** Whether the marker stays for the next run. */
  readonly marked?: boolean;
}

/** The rule of proof, as the documentation has it. */
function expectedOf({ first, del, after, purge, marker }: Case): Expected {
  const isMarked = marker === 'of this system and address';
  const denied = (answer: string, proof: boolean): Expected => {
    const isTimed = answer !== '401 without Date';
    if (proof && isTimed) return { gone: true };
    if (answer === '404' && !purge) return {};
    return { code: 'unauthorized', marked: proof };
  };
  if (first.startsWith('a page')) return { code: 'unexpected_response', marked: isMarked };
  if (first !== 'the record') return denied(first, isMarked);
  if (del === undefined) throw new Error('a record that is there is deleted');
  const deletion: { means: string; code?: string } = DELETES[del];
  switch (deletion.means) {
    case 'refused':
      return { ...deletion };
    case 'may be done':
      return { ...deletion, marked: true };
    case 'denied':
      // A record that was still there shows that the DELETE of the marker took no effect.
      if (after.startsWith('a page')) return { code: 'unexpected_response' };
      if (after === 'the record') return { code: 'unauthorized' };
      return denied(after, false);
    default: {
      if (after.startsWith('a page')) {
        return { code: 'unexpected_response', removed: true, marked: true };
      }
      if (after === 'the record') return { code: 'not_applied' };
      const isProven = deletion.means === 'answered' || after !== '401 without Date';
      return isProven ? { gone: true, removed: true } : { code: 'unauthorized', marked: true };
    }
  }
}

const CASES: Case[] = Object.keys(FIRST).flatMap((first) =>
  [false, true].flatMap((purge) =>
    MARKERS.flatMap((marker): Case[] => {
      if (first !== 'the record') return [{ first, del: undefined, after: '', purge, marker }];
      return (Object.keys(DELETES) as (keyof typeof DELETES)[]).flatMap((del) => {
        const isLast = 'code' in DELETES[del];
        const afters = isLast ? ['401'] : Object.keys(AFTER);
        return afters.map((after) => ({ first, del, after, purge, marker }));
      });
    }),
  ),
);

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

async function expectRule(one: Case): Promise<void> {
  const { agentDir, systemId, remove } = await emulator.enrol();
  const given = (what: Given | undefined) =>
    what === OWN || what === undefined ? record(systemId) : what;
  const deletes: readonly Given[] = one.del === undefined ? [] : DELETES[one.del].answers;
  const server = await startScripted(
    script({
      // With a marker the record is read once more under the lock.
      GET: [
        given(FIRST[one.first]),
        ...(one.del !== undefined && one.marker === 'of this system and address'
          ? [given(OWN)]
          : []),
        given(AFTER[one.after]),
      ],
      DELETE: deletes.map(given),
    }),
  );
  const at = (name: string) => join(agentDir, name);
  const content = {
    system_key: one.marker === 'of another system' ? 'f'.repeat(24) : systemId,
    api_url: one.marker === 'of another address' ? 'https://other.example' : server.url,
  };
  if (one.marker !== 'none') writeFileSync(at(MARKER), JSON.stringify(content));
  try {
    const options = { agent_dir: agentDir, api_url: server.url, purge_identity: one.purge };
    // What is still there is looked for until the budget ends.
    const timeout = one.after === 'the record' ? 2 : 20;
    const answer = await runInProcess('jumpcloud_removal', { ...options, timeout }, false);
    const expected = expectedOf(one);
    const isPurged = expected.gone === true && one.purge;
    const { code, removed = false, gone = false, marked = false } = expected;
    expect(answer.error?.code, answer.msg).toBe(code);
    expect(answer.changed).toBe(removed || isPurged);
    expect(answer['removed'] ?? []).toEqual(removed ? [{ type: 'system', id: systemId }] : []);
    expect(answer.warnings).toEqual([]);
    const left = readdirSync(agentDir);
    expect(IDENTITY.filter((name) => left.includes(name))).toEqual(isPurged ? [] : IDENTITY);
    expect(left.includes(TOMBSTONE)).toBe(gone);
    const isForeign = one.marker.startsWith('of another');
    if (marked || !isForeign) expect(left.includes(MARKER)).toBe(marked);
    if (!removed && !gone) expectNoClaim(answer.msg, one.del);
    const isToDoByHand = one.del === undefined ? one.first === '404' : one.after !== OWN;
    if (code === 'unauthorized' && one.purge && isToDoByHand) {
      for (const name of IDENTITY) expect(answer.msg).toContain(at(name));
    }
  } finally {
    await server.close();
    await remove();
  }
}

/** Only an answer of JumpCloud's to a DELETE lets a message say that a record was deleted. */
function expectNoClaim(msg: string, del: Case['del']): void {
  if (del === '200') return;
  const claims = msg.replace(/(Cause|Possible causes): .*/, '');
  expect(claims).not.toMatch(/was (deleted|removed)|Removed|has been (deleted|removed)/);
}

describe.concurrent.each(MARKERS)('with a marker: %s', (marker) => {
  const rows = CASES.filter((one) => one.marker === marker).map((one): [string, Case] => {
    const { first, del, after, purge } = one;
    const then = del === undefined ? '' : `, DELETE ${del}, GET ${after}`;
    return [`GET ${first}${then}${purge ? ', purge' : ''}`, one];
  });
  test.each(rows)('%s', (_, one) => expectRule(one));
});
