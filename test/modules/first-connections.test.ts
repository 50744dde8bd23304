import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { startRelay } from '../faults/counting-relay.ts';
import {
  HOST_MODULE_NAMES,
  type ModuleName,
  NON_DOCTOR_MODULE_NAMES,
  runModule,
  runRaw,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { canHaveMounts, onHostWithPrograms } from '../harness/host-with-programs.ts';
import { sampleCallsOf } from '../harness/sample-calls.ts';
import { sampleRows } from '../harness/sample-size.ts';

// Modules open connections before the first request is ready. A run must open only connections that
// it uses.

describe('early connections of a run without requests', () => {
  let server: Server;
  let connections: number;
  let url: string;

  beforeAll(async () => {
    server = createServer((socket) => {
      connections++;
      socket.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    // With a host name instead of an address, an early connection starts with a DNS lookup.
    url = `http://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });
  beforeEach(() => {
    connections = 0;
  });

  /**
   * Expects no connection. Waits first, because the server may accept a connection only after the
   * process has ended.
   */
  async function expectNoConnection(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connections).toBe(0);
  }

  describe.each(sampleRows(HOST_MODULE_NAMES))('%s', (module) => {
    const { good, bad } = sampleCallsOf(module);

    test('a run with invalid options opens no connection', async ({ host }) => {
      const { answer } = await host.run(module, { ...bad, api_url: url });
      expect(answer).toMatchObject({ error: { code: 'invalid_arguments' } });
      await expectNoConnection();
    });

    test('a run with truncated options opens no connection', async () => {
      const { answer } = await runRaw(module, [`{"api_url": "${url}"`], undefined);
      expect(answer).toMatchObject({ error: { code: 'invalid_arguments' } });
      await expectNoConnection();
    });

    test('a run with a wrong system_id opens no connection', async ({ host }) => {
      const system_id = 'f'.repeat(24);
      const { answer } = await host.run(module, { ...good, api_url: url, system_id });
      expect(answer).toMatchObject({ error: { code: 'invalid_arguments' } });
      await expectNoConnection();
    });

    test('--help and --version open no connection', async ({ host }) => {
      for (const flag of ['--help', '--version']) {
        const call = { ...good, ...host.options, api_url: url };
        await runRaw(module, [JSON.stringify(call)], undefined, { flags: [flag] }).catch(() => {});
      }
      await expectNoConnection();
    });
  });

  describe.each(sampleRows(NON_DOCTOR_MODULE_NAMES))('%s', (module) => {
    const { good } = sampleCallsOf(module);

    test('a run on a host that is not enrolled opens no connection', async () => {
      const { answer } = await runModule(module, { ...good, agent_dir: '/nowhere', api_url: url });
      expect(answer.changed).toBe(false);
      await expectNoConnection();
    });

    test('a run on a host that was removed opens no connection', async ({ host }) => {
      const tombstone = { system_key: host.systemId, removed_at: '2026-01-01T00:00:00.000Z' };
      writeFileSync(join(host.agentDir, '.removed-from-jumpcloud'), JSON.stringify(tombstone));
      const { answer } = await host.run(module, { ...good, api_url: url });
      expect(answer.changed).toBe(false);
      await expectNoConnection();
    });

    test('a run with an invalid key opens no connection', async ({ host }) => {
      writeFileSync(join(host.agentDir, 'client.key'), 'no key');
      const { answer } = await host.run(module, { ...good, api_url: url });
      expect(answer).toMatchObject({ error: { code: 'bad_identity' } });
      await expectNoConnection();
    });

    test('a run with registration_timeout and an invalid key opens no connection', async ({
      host,
    }) => {
      const key = join(host.agentDir, 'client.key');
      writeFileSync(key, readFileSync(key, 'utf8').slice(0, 500));
      const wait = { registration_timeout: 0.3 };
      const { answer } = await host.run(module, { ...good, ...wait, api_url: url });
      expect(answer).toMatchObject({ error: { code: 'bad_identity' } });
      await expectNoConnection();
    });
  });

  test.for<[ModuleName, object]>([
    ['jumpcloud_names', { users: ['5f1a3b0c9d2e4f6a7b8c9d20'], api_key: 'a'.repeat(40) }],
    ['jumpcloud_system_info', { gather: [] }],
  ])('%s with nothing to read opens no connection', async ([module, options], { host }) => {
    const agent = module === 'jumpcloud_names' ? {} : { agent_dir: host.agentDir };
    const { answer } = await runModule(module, { ...agent, ...options, api_url: url });
    expect(answer.failed).toBeUndefined();
    await expectNoConnection();
  });

  test.runIf(canHaveMounts())(
    'a removal that cannot stop the agent opens no connection',
    async ({ host }) => {
      const options = { stop_agent: true, api_url: url };
      const { answer } = await host.run('jumpcloud_removal', options, {
        env: { PATH: '/nowhere', JUMPCLOUD_NODE: process.execPath },
        through: onHostWithPrograms({ systemd: false }),
      });
      expect(answer).toMatchObject({
        error: { code: 'local_action_failed' },
        system_id: host.systemId,
      });
      await expectNoConnection();
    },
  );
});

describe('an early connection with a truncated key', () => {
  test.for(NON_DOCTOR_MODULE_NAMES)(
    '%s with a truncated key sends no data',
    async (module, { host }) => {
      let received = 0;
      const server = createServer((socket) => {
        socket.on('data', ({ length }) => {
          received += length;
        });
        socket.on('error', () => {});
      });
      await once(server.listen(0, '127.0.0.1'), 'listening');
      // The URL is https, because a TLS client sends data as soon as it is connected.
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const key = join(host.agentDir, 'client.key');
      writeFileSync(key, readFileSync(key, 'utf8').slice(0, 500));
      const { good } = sampleCallsOf(module);
      const { answer } = await host.run(module, { ...good, api_url: url, _ansible_verbosity: 2 });
      server.close();
      expect(answer).toMatchObject({ changed: false, error: { code: 'bad_identity' } });
      expect(answer.api).toBeUndefined();
      expect(received).toBe(0);
    },
  );
});

describe('early connections of an unchanged run', () => {
  const rows: [module: ModuleName, options: object, connections: number][] = [
    ['jumpcloud_system', {}, 1],
    ['jumpcloud_group_membership', { groups: [] }, 1],
    ['jumpcloud_host', { system: {}, groups: [], users: [], commands: [] }, 4],
    ['jumpcloud_system_info', {}, 7],
    ['jumpcloud_system_info', { gather: ['agent', 'groups'] }, 2],
    ['jumpcloud_removal', { scope: 'associations' }, 6],
  ];
  test.for(rows)(
    '%s with %j opens one connection for each of its %i requests',
    async ([module, options, connections], { host, emulator }) => {
      const relay = await startRelay(emulator.port);
      const api_url = `http://127.0.0.1:${relay.port}`;
      const { answer } = await host.run(module, { ...options, api_url, _ansible_verbosity: 2 });
      relay.close();
      expect(answer).toMatchObject({ changed: false, api: { requests: connections, retries: 0 } });
      expect(relay.connectionCount).toBe(connections);
    },
  );
});
