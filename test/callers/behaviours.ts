import { stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { TestHost } from '../harness/fixture.ts';
import type { Behaviour } from './behaviour.ts';
import { interruptClient } from './interrupt-client.ts';

/** Slightly more than the two seconds after which a terminal shows progress. */
const WAIT_S = 3;
const SYSTEM = 'jumpcloud_system';

/** How long JumpCloud's graph lags behind a write, in milliseconds. */
export const GRAPH_LAG_MS = WAIT_S * 1000;

const CHANGE = { display_name: 'web-1', attributes: { role: 'web' } };

/** The rows of the table. To add a row, add an entry here. */
export const BEHAVIOURS: readonly Behaviour[] = [
  {
    name: 'nothing to do',
    module: SYSTEM,
    options: () => ({ display_name: 'ip-10-0-0-7' }),
    expected: { changed: false, system: { displayName: 'ip-10-0-0-7' } },
  },
  {
    name: 'a change',
    module: SYSTEM,
    options: () => CHANGE,
    expected: { changed: true, system: { displayName: 'web-1' } },
  },
  {
    name: 'a late registration',
    module: SYSTEM,
    options: () => ({ ...CHANGE, registration_timeout: 60 }),
    waits: true,
    enrol: { write: false },
    // The file contains `{}` until the agent has registered.
    prepare: (host) => writeFile(configurationPath(host), '{}'),
    duringCall: async (host, signal) => {
      await waitForFirstRead(configurationPath(host), signal);
      await sleep(WAIT_S * 1000, undefined, { signal });
      await host.writeFiles();
    },
    expected: { changed: true, system: { displayName: 'web-1' } },
  },
  {
    name: 'settling',
    module: SYSTEM,
    options: () => ({ ...CHANGE, settle: WAIT_S }),
    waits: true,
    expected: { changed: true, system: { displayName: 'web-1' }, reapplied: 0 },
  },
  {
    name: 'a 429 with Retry-After',
    module: SYSTEM,
    options: () => CHANGE,
    waits: true,
    prepare: (host) => host.hit({ kind: 'status', status: 429, retryAfter: WAIT_S }),
    expected: { changed: true, system: { displayName: 'web-1' } },
  },
  {
    name: 'several 503s',
    module: SYSTEM,
    options: () => CHANGE,
    waits: true,
    // The backoff has jitter. Only Retry-After ensures that one wait is long enough.
    prepare: (host) => {
      host.hit({ kind: 'status', status: 503 }, { times: 3 });
      host.hit({ kind: 'status', status: 503, retryAfter: WAIT_S });
    },
    expected: { changed: true, system: { displayName: 'web-1' } },
  },
  {
    name: 'a read-back lag',
    module: 'jumpcloud_group_membership',
    options: ({ group }) => ({ groups: [group] }),
    waits: true,
    expected: { changed: true, added: [expect.any(String)] },
  },
  {
    name: 'a check with diff',
    module: 'jumpcloud_host',
    options: ({ group }) => ({ system: CHANGE, groups: [group] }),
    check: true,
    diff: true,
    expected: {
      changed: true,
      diff: { after: { system: { display_name: 'web-1' } } },
    },
  },
  {
    name: 'invalid arguments',
    module: SYSTEM,
    options: () => ({ displayname: 'web-1', settle: -1 }),
    expected: {
      changed: false,
      failed: true,
      error: { code: 'invalid_arguments', problems: [{}, {}] },
    },
  },
  {
    name: 'a rejected write',
    module: SYSTEM,
    options: () => CHANGE,
    prepare: (host) => host.hit({ kind: 'status', status: 403 }, { method: 'PUT' }),
    expected: { changed: false, failed: true, error: { code: 'rejected' } },
  },
  {
    name: 'an unavailable API',
    module: SYSTEM,
    options: () => ({ ...CHANGE, timeout: 20 }),
    // The last Retry-After is longer than the timeout, so that the result is the same at any speed.
    prepare: (host) => {
      host.hit({ kind: 'status', status: 503 }, { times: 2 });
      host.hit({ kind: 'status', status: 503, retryAfter: 60 });
    },
    expected: { changed: false, failed: true, error: { code: 'unavailable' } },
  },
  {
    name: 'an interruption',
    module: SYSTEM,
    options: () => ({ ...CHANGE, settle: WAIT_S, timeout: 20 }),
    // The interruption comes after the write, while the run waits for the answer to its read-back.
    prepare: (host) => {
      host.hit({ kind: 'slow', ms: 0 }, { method: 'GET', times: 2 });
      host.hit({ kind: 'silence' }, { method: 'GET', times: Number.POSITIVE_INFINITY });
    },
    duringCall: interruptClient,
    expected: { changed: true, failed: true, error: { code: 'interrupted' } },
  },
];

const configurationPath = ({ agentDir }: TestHost) => join(agentDir, 'jcagent.conf');

/** Waits until a file has been read. Resets its access time first, to detect the read. */
async function waitForFirstRead(path: string, signal: AbortSignal): Promise<void> {
  await utimes(path, 0, new Date());
  while ((await stat(path)).atimeMs === 0) await sleep(100, undefined, { signal });
}
