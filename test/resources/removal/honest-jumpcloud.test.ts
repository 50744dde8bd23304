import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { test } from '../../harness/emulator-fixture.ts';
import fc from '../../harness/fast-check.ts';
import { runInProcess } from '../../harness/run-in-process.ts';
import { sampleSize } from '../../harness/sample-size.ts';
import {
  htmlPage,
  jumpCloudError,
  recordAnswer,
  type ScriptedAnswer,
  startScriptedJumpCloud,
  undatedError,
} from './scripted-jumpcloud.ts';

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

/**
 * JumpCloud's handling of one request. If the answer is lost or is a 503, the request may still
 * have been carried out.
 */
type Handling =
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

/**
 * For each kind of faulty JumpCloud, the values of `Handling` from which a test chooses at random.
 */
const BEHAVIOURS: Readonly<Record<string, readonly Handling[]>> = {
  'that loses answers': [
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

/** Emulates a JumpCloud that answers 2xx to a DELETE only if it has carried out that DELETE. */
function emulateJumpCloud(systemId: string, handlings: readonly Handling[]) {
  const state = { isThere: true, isClockRight: true };
  let count = 0;
  const answer = (method: string): ScriptedAnswer => {
    const handling = handlings[count++] ?? 'carried out';
    if (handling === 'clock jumps') state.isClockRight = false;
    if (handling === 'clock is set') state.isClockRight = true;
    const isCarriedOut = handling.startsWith('c');
    const isAccepted = state.isThere && state.isClockRight;
    if (method === 'DELETE' && isAccepted && isCarriedOut) state.isThere = false;
    if (handling.endsWith('lost')) return 'cut';
    const status = Number(/\d+/.exec(handling));
    if (handling.startsWith('page')) return htmlPage(status);
    if (status > 0) return jumpCloudError(status);
    if (isAccepted) return recordAnswer(systemId);
    // With a Date header in the answer, the module would correct its clock.
    return state.isClockRight ? jumpCloudError(401) : undatedError(401);
  };
  return { state, answer };
}

/** Runs removals one after another and returns whether the record is gone. */
async function runRemovals(
  handlings: readonly Handling[],
  purges: readonly boolean[],
): Promise<boolean> {
  const { agentDir, systemId, remove } = await emulator.enrol();
  const { state, answer } = emulateJumpCloud(systemId, handlings);
  const server = await startScriptedJumpCloud(answer);
  try {
    for (const purge_identity of purges) {
      const options = { agent_dir: agentDir, api_url: server.url, purge_identity, timeout: 1.5 };
      await runInProcess('jumpcloud_removal', options, false);
      if (!state.isThere) return true;
      const files = readdirSync(agentDir);
      expect(files).toEqual(expect.arrayContaining(['client.key', 'jcagent.conf']));
      expect(files).not.toContain('.removed-from-jumpcloud');
    }
    return false;
  } finally {
    await server.close();
    await remove();
  }
}

test.each(Object.keys(BEHAVIOURS))(
  'no removal deletes the key of a record that still exists in a JumpCloud %s',
  { timeout: 120_000 },
  async (behaviour) => {
    const gone: boolean[] = [];
    const handling = fc.constantFrom(...(BEHAVIOURS[behaviour] ?? []));
    // Removals mostly wait, so ten hosts run at the same time.
    const hosts = { minLength: 10, maxLength: 10 };
    const property = fc.asyncProperty(
      fc.array(fc.array(handling, { maxLength: 12 }), hosts),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 3 }),
      async (lists, purges) => {
        gone.push(...(await Promise.all(lists.map((handlings) => runRemovals(handlings, purges)))));
      },
    );
    await fc.assert(property, { numRuns: sampleSize(16), endOnFailure: true });
    expect(gone).toContain(true);
    expect(gone).toContain(false);
  },
);
