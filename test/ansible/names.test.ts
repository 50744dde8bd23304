import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { testWithPipelining as test } from '../harness/ansible/fixture.ts';
import { putPlaybook } from './put-playbook.ts';

const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;
const VARIABLE_FILES = ['names/group_vars/all.yml', 'names/group_vars/web.yml'];

describe.runIf(hasAnsible)(
  'the playbook ansible-examples/names/fleet.yml',
  { timeout: 300_000 },
  () => {
    let controller: Controller;
    let emulator: Emulator;
    let apiKey: string;
    let hosts: Record<'db-1' | 'web-1' | 'web-2', EnrolledHost>;
    let ids: Record<'production' | 'web' | 'ada' | 'barbara', string>;
    let run: (...flags: string[]) => ReturnType<Controller['playbook']>;

    test.beforeAll(async ({ controller: ansible, emulator: shared }) => {
      controller = ansible;
      emulator = shared;
      const { store } = emulator;
      apiKey = store.addApiKey();
      ids = {
        production: store.addNamed('system_group', 'production'),
        web: store.addNamed('system_group', 'web'),
        ada: store.addNamed('user', 'ada'),
        barbara: store.addNamed('user', 'barbara'),
      };
      hosts = {
        'db-1': await controller.enrol(emulator),
        'web-1': await controller.enrol(emulator),
        'web-2': await controller.enrol(emulator),
      };
      const playbook = await putPlaybook(controller, 'names/fleet.yml');
      for (const file of VARIABLE_FILES) await controller.put(file, await example(file));
      const place = (names: (keyof typeof hosts)[]) =>
        Object.fromEntries(names.map((name) => [name, { test_agent_dir: hosts[name].agentDir }]));
      const inventory = stringify({
        all: {
          vars: {
            ansible_connection: 'local',
            ansible_become: false,
            test_api_url: emulator.url,
          },
          hosts: place(['db-1']),
          children: { web: { hosts: place(['web-1', 'web-2']) } },
        },
      });
      const path = await controller.put('names/hosts.yml', inventory);
      run = (...flags) =>
        controller.playbook(playbook, {
          flags: ['-i', path, ...flags],
          env: { JUMPCLOUD_API_KEY: apiKey },
        });
    });
    beforeEach(() => emulator.clearRequests());

    const example = (file: string) => readFile(join(EXAMPLES, file), 'utf8');
    const writes = () =>
      emulator.requests.filter(({ method, signed }) => signed && method !== 'GET');
    const byAdmin = () => emulator.requests.filter((request) => request.apiKey !== undefined);
    const expectChanged = (
      { recaps, output }: Awaited<ReturnType<typeof run>>,
      changed: number,
    ) => {
      for (const name of Object.keys(hosts)) {
        expect(recaps[name], output).toMatchObject({ failed: 0, unreachable: 0, changed });
      }
    };

    test('a misspelt name fails the play before any host sends a request, and the right name is suggested', async () => {
      const original = await example('names/group_vars/web.yml');
      await controller.put('names/group_vars/web.yml', original.replace('barbara', 'babara'));
      const { exitCode, output } = await run();
      await controller.put('names/group_vars/web.yml', original);
      expect(exitCode, output).toBe(2);
      expect(output).toContain('there is no user \\"babara\\"; did you mean barbara?');
      expect(output).not.toContain('Describe the hosts');
      expect(emulator.requests.every(({ signed }) => !signed)).toBe(true);
    });

    test('--check --diff shows names beside ids and writes nothing', async () => {
      const predicted = await run('--check', '--diff');
      expectChanged(predicted, 1);
      expect(predicted.output).toMatch(new RegExp(`^\\+.*web \\(${ids.web}\\)`, 'm'));
      expect(predicted.output).toMatch(new RegExp(`^\\+.*barbara \\(${ids.barbara}\\)`, 'm'));
      expect(predicted.output).not.toContain(apiKey);
      expect(writes()).toEqual([]);
    });

    test('the first run changes every host, the second changes none, and each run looks up each name only once', async () => {
      expectChanged(await run(), 1);
      expect(byAdmin()).toHaveLength(3);
      const { store } = emulator;
      expect(store.groupsOf(hosts['db-1'].systemId)).toEqual([ids.production]);
      expect(store.groupsOf(hosts['web-2'].systemId).sort()).toEqual(
        [ids.production, ids.web].sort(),
      );
      expect(new Map(store.edgesOf(hosts['web-1'].systemId, 'user'))).toEqual(
        new Map([
          [ids.ada, { sudo: { enabled: true, withoutPassword: false } }],
          [ids.barbara, undefined],
        ]),
      );
      emulator.clearRequests();
      expectChanged(await run('-vvv'), 0);
      expect(writes()).toEqual([]);
      expect(byAdmin()).toHaveLength(3);
      expect(byAdmin().every(({ signed }) => !signed)).toBe(true);
    });

    test('an API key in an option never appears in output or results', async () => {
      const task = (users: string[]) => ({
        name: 'Resolve',
        'systemcontext.jumpcloud.jumpcloud_names': {
          api_url: emulator.url,
          api_key: apiKey,
          users,
        },
        register: 'resolved',
        ignore_errors: true,
      });
      const { output, recap, registered } = await controller.play(
        [task(['ada']), { ...task(['unknown']), register: 'missing' }],
        { flags: ['-vvvv', '--diff'] },
      );
      expect(recap, output).toMatchObject({ failed: 0, changed: 0 });
      expect(registered).toMatchObject({
        resolved: { names: { user: { ada: ids.ada } } },
        missing: { failed: true, error: { code: 'not_found' } },
      });
      expect(output).not.toContain(apiKey);
      expect(JSON.stringify(registered)).not.toContain(apiKey);
    });
  },
);
