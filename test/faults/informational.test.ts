import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { issueServerCertificate, makeCa } from '../emulator/keys.ts';
import { runModule } from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { startBadServer } from './bad-server.ts';
import { startConnectProxy } from './connect-proxy.ts';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

describe.concurrent('unrequested informational answers', () => {
  const calls: [
    method: string,
    run: (host: TestHost, user: string) => ReturnType<TestHost['run']>,
  ][] = [
    ['GET', (host) => host.run('jumpcloud_system_info')],
    ['PUT', (host) => host.run('jumpcloud_system', { description: 'web' })],
    ['POST', (host, user) => host.run('jumpcloud_user_binding', { users: [user] })],
    ['DELETE', (host) => host.run('jumpcloud_removal')],
  ];
  const rows = [[100], [100, 100], [102], [103, 100]].flatMap((statuses) =>
    calls.map((call) => [statuses, ...call] as const),
  );
  test.for(rows)(
    'a run skips the informational answers %j before the answer to %s',
    async ([statuses, method, run], { emulator, enrol }) => {
      const host = await enrol();
      host.hit({ kind: 'informational', statuses }, { times: 100 });
      const { answer } = await run(host, emulator.store.addUser());
      expect(answer, answer.msg).toMatchObject({ changed: method !== 'GET' });
      expect(answer.failed).toBeUndefined();
      const sent = host.requests().map((request) => `${request.method} ${request.url}`);
      // jumpcloud_system_info makes seven reads.
      expect(sent.filter((text) => text.startsWith(method)).length).toBe(method === 'GET' ? 7 : 1);
    },
  );

  test('a run ignores a 100 response that a proxy sends before its answer to CONNECT', async ({
    onTestFinished,
    startWith,
  }) => {
    const ca = await makeCa();
    const emulator = await startWith({ tls: await issueServerCertificate(ca) });
    const host = await emulator.enrol();
    const proxy = await startConnectProxy();
    onTestFinished(() => proxy.close());
    const caPath = join(host.agentDir, 'test-ca.pem');
    writeFileSync(caPath, ca.cert);
    proxy.answers.push({ status: 200, prefix: CONTINUE });
    const options = { agent_dir: host.agentDir, api_url: emulator.url, ca_path: caPath };
    const { answer } = await runModule('jumpcloud_system', { ...options, proxy: proxy.url });
    expect(answer.msg).toBe('Nothing to change.');
    expect(proxy.connects).toHaveLength(1);
  });
});

describe.concurrent('a write after an informational answer', () => {
  const rows: [what: string, text: string, code: string, message: RegExp][] = [
    // The last attempt has only half a second, which a busy machine may need.
    ['ends after a 100', CONTINUE, 'unavailable', /closed before the answer|no complete answer/],
    [
      'is a 101',
      'HTTP/1.1 101 No\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
      'unexpected_response',
      /the answer is 101 Switching Protocols, which was not requested/,
    ],
  ];
  test.for(rows)(
    'a write fails with may_be_done when its answer %s',
    async ([, text, code, message], { host, onTestFinished }) => {
      const { systemId } = host;
      const record = `{"_id":"${systemId}"}`;
      const server = await startBadServer((socket, head) => {
        if (head.startsWith('PUT')) socket.end(text);
        else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${record.length}\r\n\r\n${record}`);
      });
      onTestFinished(server.close);
      const options = { ...host.options, api_url: server.url, timeout: 2, description: 'web' };
      const { answer } = await runModule('jumpcloud_system', options);
      expect(answer.error).toMatchObject({ code, may_be_done: true });
      expect(answer.msg).toMatch(message);
    },
  );
});
