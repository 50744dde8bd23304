import { describe, expect } from 'vitest';
import { HOST_MODULE_NAMES } from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { sampleCallsOf } from '../harness/sample-calls.ts';

/** Transient statuses. Cloudflare, in front of JumpCloud, answers 520 to 527 and 530. */
const STATUSES = [
  ...[408, 429, 500, 502, 503, 504],
  ...[520, 521, 522, 523, 524, 525, 526, 527, 530],
];

interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  run(host: TestHost, user: string): ReturnType<TestHost['run']>;
}

const CALLS: readonly Call[] = [
  { method: 'GET', run: (host) => host.run('jumpcloud_system') },
  { method: 'PUT', run: (host) => host.run('jumpcloud_system', { description: 'web' }) },
  { method: 'POST', run: (host, user) => host.run('jumpcloud_user_binding', { users: [user] }) },
  { method: 'DELETE', run: (host) => host.run('jumpcloud_removal', { purge_identity: true }) },
];

const byMethod = (calls: readonly Call[]) => calls.map((call) => [call.method, call] as const);

/** An HTML page like the error pages of Cloudflare. */
const ERROR_PAGE = { text: '<html>error code</html>', headers: { 'content-type': 'text/html' } };

describe.concurrent.each(STATUSES)('a single answer of %i', (status) => {
  test.for(byMethod(CALLS))(
    `a %s is retried after one ${status}`,
    async ([method, { run }], { emulator, enrol }) => {
      const host = await enrol();
      host.hit({ kind: 'status', status, ...ERROR_PAGE }, { method });
      const { answer } = await run(host, emulator.store.addUser());
      expect(answer, answer.msg).toMatchObject({ changed: method !== 'GET' });
      expect(answer.failed).toBeUndefined();
      const statuses = host.requests().filter((request) => request.method === method);
      expect(statuses.map((request) => request.status).slice(0, 2)).toEqual([
        status,
        method === 'POST' ? 204 : 200,
      ]);
    },
  );

  test.for(byMethod(CALLS.filter(({ method }) => method !== 'GET' && status !== 429)))(
    `a %s that took effect despite a ${status} counts as a change`,
    async ([method, { run }], { emulator, enrol }) => {
      const host = await enrol();
      host.hit({ kind: 'status', status, ...ERROR_PAGE, applied: true }, { method });
      const { answer } = await run(host, emulator.store.addUser());
      expect(answer, answer.msg).toMatchObject({ changed: true });
      expect(answer.failed).toBeUndefined();
    },
  );
});

describe.concurrent('a transient status that persists', () => {
  const options = { timeout: 1.5 };

  test.for([
    [408, '408 Request Timeout'],
    [520, '520 Web Server Returned an Unknown Error'],
    [522, '522 Connection Timed Out'],
    [530, '530 Cloudflare Error'],
  ] as const)(
    'the message names the status %i if it persists',
    async ([status, name], { host }) => {
      host.hit({ kind: 'status', status, ...ERROR_PAGE }, { times: 100 });
      const { answer } = await host.run('jumpcloud_system', options);
      expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable', status } });
      expect(answer.msg).toContain(` answered ${name} (`);
      expect(answer.error?.['attempts']).toBeGreaterThan(1);
    },
  );

  test('a write with a persistent 521 fails, and its error has may_be_done', async ({ host }) => {
    host.hit({ kind: 'status', status: 521, ...ERROR_PAGE }, { times: 100, method: 'PUT' });
    const call = { ...options, description: 'web' };
    const { answer } = await host.run('jumpcloud_system', call);
    expect(answer.error).toMatchObject({ code: 'unavailable', status: 521, may_be_done: true });
  });

  test.for(HOST_MODULE_NAMES)(
    '%s fails with the error code `unavailable` when a 523 persists',
    async (module, { host }) => {
      host.hit({ kind: 'status', status: 523, ...ERROR_PAGE }, { times: 1000 });
      const { answer } = await host.run(module, { ...sampleCallsOf(module).good, ...options });
      expect(answer).toMatchObject({ failed: true, error: { code: 'unavailable', status: 523 } });
    },
  );
});

test('a run waits for the Retry-After of a transient status', async ({ host }) => {
  host.hit({ kind: 'status', status: 522, retryAfter: 2 });
  const { answer } = await host.run('jumpcloud_system');
  expect(answer.failed).toBeUndefined();
  const [first, second] = host.requests();
  expect((second?.startedAt ?? 0) - (first?.startedAt ?? 0)).toBeGreaterThanOrEqual(2000);
});
