import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import {
  jumpClouds,
  page,
  record,
  type Scripted,
  startScripted,
  undated,
} from './scripted-jumpcloud.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

/** What becomes of one request. What is lost, or answered 503, was carried out before or not. */
type Fate =
  | 'carried out'
  | 'lost'
  | 'carried out, lost'
  | '503'
  | 'carried out, 503'
  | '403'
  | 'page with 401'
  | 'page with 404'
  | 'denied with 401'
  | 'denied with 404'
  | 'clock jumps'
  | 'clock is set';

/** In the first world answers get lost and clocks are wrong, in the second a host is denied at random. */
const WORLDS: Readonly<Record<string, readonly Fate[]>> = {
  'whose answers get lost': [
    'carried out',
    'lost',
    'carried out, lost',
    '503',
    'carried out, 503',
    '403',
    'page with 401',
    'page with 404',
    'clock jumps',
    'clock is set',
  ],
  'that denies hosts at random': [
    'carried out',
    'denied with 401',
    'denied with 404',
    '403',
    'page with 401',
    'page with 404',
  ],
};

/** A JumpCloud that answers 2xx to a DELETE only when it has carried it out. */
function jumpCloud(systemId: string, fates: readonly Fate[]) {
  const state = { isThere: true, isClockRight: true };
  let count = 0;
  const answer = (method: string): Scripted => {
    const fate = fates[count++] ?? 'carried out';
    if (fate === 'clock jumps') state.isClockRight = false;
    if (fate === 'clock is set') state.isClockRight = true;
    const isCarriedOut = fate.startsWith('c');
    const isAccepted = state.isThere && state.isClockRight;
    if (method === 'DELETE' && isAccepted && isCarriedOut) state.isThere = false;
    if (fate.endsWith('lost')) return 'cut';
    const status = Number(/\d+/.exec(fate));
    if (fate.startsWith('page')) return page(status);
    if (status > 0) return jumpClouds(status);
    if (isAccepted) return record(systemId);
    // With a time in the answer, the next attempt would be signed right.
    return state.isClockRight ? jumpClouds(401) : undated(401);
  };
  return { state, answer };
}

/** Runs a few removals, one after another; returns whether the record is gone. */
async function removals(fates: readonly Fate[], purges: readonly boolean[]): Promise<boolean> {
  const { agentDir, systemId, remove } = await emulator.enrol();
  const { state, answer } = jumpCloud(systemId, fates);
  const server = await startScripted(answer);
  try {
    for (const purge_identity of purges) {
      const options = { agent_dir: agentDir, api_url: server.url, purge_identity, timeout: 1.5 };
      await runInProcess('jumpcloud_removal', options, false);
      if (!state.isThere) return true;
      const left = readdirSync(agentDir);
      expect(left).toEqual(expect.arrayContaining(['client.key', 'jcagent.conf']));
      expect(left).not.toContain('.removed-from-jumpcloud');
    }
    return false;
  } finally {
    await server.close();
    await remove();
  }
}

test.each(Object.keys(WORLDS))(
  'no removal takes the key of a record that lives in a JumpCloud %s',
  { timeout: 120_000 },
  async (world) => {
    const gone: boolean[] = [];
    const fate = fc.constantFrom(...(WORLDS[world] ?? []));
    // Mostly they wait.
    const hosts = { minLength: 10, maxLength: 10 };
    const property = fc.asyncProperty(
      fc.array(fc.array(fate, { maxLength: 12 }), hosts),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
      async (lists, purges) => {
        gone.push(...(await Promise.all(lists.map((fates) => removals(fates, purges)))));
      },
    );
    await fc.assert(property, { numRuns: 8, endOnFailure: true });
    expect(gone).toContain(true);
    expect(gone).toContain(false);
  },
);
