import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Emulator } from '../emulator/emulator.ts';
import { issueServerCertificate, makeCa } from '../emulator/keys.ts';
import type { ServiceAccount } from '../emulator/service-accounts.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { testWithPipelining as test } from '../harness/ansible/fixture.ts';
import { HOST_MODULE_NAMES, type ModuleName } from '../harness/executable.ts';
import { WRITING_MODULES } from '../harness/sample-calls.ts';
import { startTunnelProxy } from './tunnel-proxy.ts';

/** The system id in the documentation's examples. */
const SYSTEM_ID = '5f1a3b0c9d2e4f6a7b8c9d0e';
const DOCUMENTATION = new URL('../../dist/modules/', import.meta.url).pathname;

interface Task extends Record<string, unknown> {
  readonly name: string;
  readonly hosts?: string;
  readonly module_defaults?: Record<string, Record<string, unknown>>;
}

/** Reads a module's examples: tasks and whole plays. */
async function examplesOf(module: ModuleName): Promise<Task[]> {
  const { EXAMPLES } = parse(await readFile(join(DOCUMENTATION, `${module}.yml`), 'utf8'));
  // Shortens the waits, which are not tested here.
  return parse(EXAMPLES.replace(/settle: \d+/g, 'settle: 0.5'), { version: '1.1' });
}

/** Returns a task and a repetition of it. The repetition fails if it changes anything. */
const twice = (task: Task): Task[] =>
  HOST_MODULE_NAMES.some((module) => Object.hasOwn(task, `systemcontext.jumpcloud.${module}`))
    ? [
        task,
        {
          ...task,
          name: `${task.name}, again`,
          register: 'again',
          failed_when: 'again is failed or again is changed',
        },
      ]
    : [task];

describe.runIf(hasAnsible)('the examples in the module documentation', () => {
  let controller: Controller;
  let emulator: Emulator;
  let account: ServiceAccount;
  let defaults: Record<string, Record<string, unknown>>;

  test.beforeAll(async ({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
    // Adds one object of each type for every id in the examples.
    for (let i = 0; i < 256; i++) {
      const id = `5f1a3b0c9d2e4f6a7b8c9d${i.toString(16).padStart(2, '0')}`;
      emulator.store.addGroup(id);
      emulator.store.addUserGroup([], id);
      for (const type of ['user', 'command', 'policy', 'policy_group'] as const) {
        emulator.store.addObject(type, id);
      }
    }
    for (const name of ['web', 'linux']) emulator.store.addNamed('system_group', name);
    for (const name of ['ada', 'bob']) emulator.store.addNamed('user', name);
    account = emulator.store.serviceAccounts.add();
    // Removals need a service manager even in check mode, and systemd may not run here.
    await controller.put('bin/service', '#!/bin/sh\nexit 0\n');
    await controller.shell(`chmod 755 ${controller.directory}/bin/service`);
  });
  beforeEach(async () => {
    const host = await controller.enrol(emulator, { systemId: SYSTEM_ID });
    const connection = { agent_dir: host.agentDir, api_url: emulator.url };
    defaults = {
      'group/systemcontext.jumpcloud.all': connection,
      'systemcontext.jumpcloud.jumpcloud_names': {
        api_url: emulator.url,
        token_url: emulator.tokenUrl,
      },
    };
  });

  const play = () => ({
    hosts: 'localhost',
    connection: 'local',
    gather_facts: false,
    module_defaults: defaults,
    environment: { PATH: `${controller.directory}/bin:{{ lookup('env', 'PATH') }}` },
    vars: {
      jumpcloud_admins: [{ id: SYSTEM_ID, sudo: true }],
      vaulted_client_id: account.clientId,
      vaulted_client_secret: [...account.secrets][0],
    },
  });

  test.each(HOST_MODULE_NAMES)(
    'the example tasks of %s succeed, and change nothing when repeated',
    async (module) => {
      const tasks = (await examplesOf(module)).filter(({ hosts }) => hosts === undefined);
      expect(tasks.length).toBeGreaterThan(2);
      // A removed host cannot run another example, so removals run in check mode.
      const isRemoval = module === 'jumpcloud_removal';
      emulator.store.join(SYSTEM_ID, SYSTEM_ID);
      const text = stringify([{ ...play(), tasks: isRemoval ? tasks : tasks.flatMap(twice) }]);
      const path = await controller.put(`${module}.yml`, text);
      const { recaps, output } = await controller.playbook(path, {
        flags: isRemoval ? ['--check'] : [],
      });
      expect(recaps['localhost'], output).toMatchObject({ failed: 0 });
      expect(recaps['localhost']?.ok).toBeGreaterThanOrEqual(tasks.length);
      const writing = tasks.filter((task) =>
        Object.hasOwn(task, `systemcontext.jumpcloud.${module}`),
      );
      const changed = WRITING_MODULES.includes(module) ? writing.length : 0;
      expect(recaps['localhost'], output).toMatchObject({ changed });
    },
  );

  test('the example plays succeed through a proxy and with a CA from ca_path', async ({
    startWith,
  }) => {
    const plays = (await Promise.all(HOST_MODULE_NAMES.map(examplesOf)))
      .flat()
      .filter(({ hosts }) => hosts !== undefined);
    expect(plays.length).toBeGreaterThan(0);
    const ca = await makeCa();
    const secure = await startWith({ tls: await issueServerCertificate(ca) });
    const { agentDir } = await controller.enrol(secure, { systemId: SYSTEM_ID });
    const proxy = await startTunnelProxy();
    const connection = {
      agent_dir: agentDir,
      api_url: secure.url,
      ca_path: await controller.put('ca.pem', ca.cert),
      proxy: proxy.url,
    };
    const group = 'group/systemcontext.jumpcloud.all';
    // The files and servers in the examples do not exist here, so they are replaced.
    const localPlays = plays.map(({ hosts: _, ...rest }) => ({
      ...play(),
      ...rest,
      module_defaults: {
        [group]: { ...rest.module_defaults?.[group], ...connection },
      },
    }));
    const path = await controller.put('plays.yml', stringify(localPlays));
    const { recaps, output } = await controller.playbook(path).finally(async () => {
      await proxy.close();
    });
    expect(recaps['localhost'], output).toMatchObject({ failed: 0, changed: plays.length });
    expect(proxy.opened.length).toBeGreaterThan(0);
  });
});
