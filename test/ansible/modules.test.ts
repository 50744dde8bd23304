import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { type ManagedHost, test } from '../harness/ansible/fixture.ts';
import { HOST_MODULE_NAMES } from '../harness/executable.ts';
import { sampleCallsOf } from '../harness/sample-calls.ts';

const FQCN = 'systemcontext.jumpcloud';

describe.runIf(hasAnsible)('modules in ansible-playbook', () => {
  let controller: Controller;
  let emulator: Emulator;
  let host: ManagedHost;

  test.beforeAll(({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
  });
  test.beforeEach(({ host: own }) => {
    host = own;
    emulator.clearRequests();
  });

  const writes = () => emulator.requests.filter(({ method }) => method !== 'GET');
  const systemTask = (options: object) => ({
    name: 'Manage the settings',
    [`${FQCN}.jumpcloud_system`]: { ...host.options, ...options },
    register: 'result',
  });

  test('the first run of jumpcloud_system changes the record, and the second changes nothing', async () => {
    const task = systemTask({ display_name: 'web-1', attributes: { role: 'web' } });
    const first = await controller.play([task]);
    expect(first.recap).toMatchObject({ changed: 1, failed: 0 });
    const second = await controller.play([task]);
    expect(second.recap).toMatchObject({ changed: 0, failed: 0 });
    expect(second.registered['result']).toMatchObject({
      changed: false,
      system_id: host.systemId,
      system: { displayName: 'web-1', attributes: [{ name: 'role', value: 'web' }] },
    });
    expect(writes()).toHaveLength(1);
  });

  test('--check --diff shows the predicted changes of jumpcloud_system and writes nothing', async () => {
    const { output, recap } = await controller.play(
      [systemTask({ display_name: 'web-2', attributes: { role: 'web' } })],
      { flags: ['--check', '--diff'] },
    );
    expect(recap).toMatchObject({ changed: 1, failed: 0 });
    expect(output).toMatch(/^-.*display_name.*ip-10-0-0-7/m);
    expect(output).toMatch(/^\+.*display_name.*web-2/m);
    expect(output).toMatch(/^\+ +"?role"?: "?web/m);
    expect(writes()).toHaveLength(0);
  });

  test('a task with the keywords `async` and `poll` runs jumpcloud_system and returns its result', async () => {
    const { recap, registered } = await controller.play([
      { ...systemTask({ display_name: 'web-3' }), async: 60, poll: 1 },
    ]);
    expect(recap).toMatchObject({ changed: 1, failed: 0 });
    expect(registered['result']).toMatchObject({ changed: true });
    // `finished` is 1 in ansible-core 2.14, and true in 2.19.
    expect(registered['result']?.['finished']).toBeTruthy();
    expect(emulator.store.record(host.systemId).displayName).toBe('web-3');
  });

  test('a loop over groups adds the host to each group', async () => {
    const groups = [emulator.store.addGroup(), emulator.store.addGroup()];
    const { recap } = await controller.play([
      {
        name: 'Join each group',
        [`${FQCN}.jumpcloud_group_membership`]: { ...host.options, groups: '{{ item }}' },
        loop: groups,
        register: 'result',
      },
    ]);
    expect(recap).toMatchObject({ changed: 1, failed: 0 });
    expect(emulator.store.groupsOf(host.systemId)).toEqual(groups);
  });

  test('module_defaults of the action group apply to every host module', async () => {
    const tasks = HOST_MODULE_NAMES.filter((name) => name !== 'jumpcloud_removal').map((name) => ({
      name: `Run ${name}`,
      [`${FQCN}.${name}`]: sampleCallsOf(name).good,
    }));
    const { recap } = await controller.play(
      [...tasks, { name: 'Remove the host', [`${FQCN}.jumpcloud_removal`]: {} }],
      { play: { module_defaults: { [`group/${FQCN}.all`]: host.options } } },
    );
    expect(recap).toMatchObject({ ok: HOST_MODULE_NAMES.length, changed: 1, failed: 0 });
    expect(emulator.store.systems.has(host.systemId)).toBe(false);
  });

  test('one-line k=v arguments are converted to the types of the options', async () => {
    const groups = [emulator.store.addGroup(), emulator.store.addGroup()];
    const { agent_dir, api_url } = host.options;
    const place = `agent_dir=${agent_dir} api_url=${api_url}`;
    const { recap, registered } = await controller.play([
      {
        [`${FQCN}.jumpcloud_system`]: `${place} display_name=12 allow_ssh_root_login=yes timeout=30 attributes='{"a":"1"}'`,
        register: 'system',
      },
      {
        [`${FQCN}.jumpcloud_group_membership`]: `${place} groups=${groups}`,
        register: 'joined',
      },
    ]);
    expect(recap).toMatchObject({ changed: 2, failed: 0 });
    expect(registered['system']).toMatchObject({
      system: {
        displayName: '12',
        allowSshRootLogin: true,
        attributes: [{ name: 'a', value: '1' }],
      },
    });
    expect(registered['joined']).toMatchObject({ added: groups });
  });

  test('a task with an unknown option fails with a suggestion and an error code', async () => {
    const { output, recap, registered } = await controller.play([
      { ...systemTask({ displayname: 'web' }), ignore_errors: true },
    ]);
    expect(recap).toMatchObject({ failed: 0, changed: 0 });
    expect(output).toContain('Unsupported parameters for (jumpcloud_system) module: displayname.');
    expect(output).toContain('did you mean display_name?');
    expect(registered['result']).toMatchObject({
      failed: true,
      error: { code: 'invalid_arguments' },
    });
    expect(emulator.requests).toHaveLength(0);
  });

  test('warnings of a module are shown as warnings of Ansible', async () => {
    const user = emulator.store.addUser();
    const group = emulator.store.addUserGroup([user]);
    emulator.store.associate(host.systemId, 'user_group', group);
    const { output } = await controller.play([
      { [`${FQCN}.jumpcloud_user_binding`]: { ...host.options, users: [user], state: 'absent' } },
    ]);
    expect(output.replace(/\s+/g, ' ')).toMatch(
      new RegExp(
        `\\[WARNING\\]: .*User ${user} is not bound directly, but still has access .*${group}`,
      ),
    );
  });

  test('with -vvv, the result also has the counts of API requests and the key `invocation`', async () => {
    const { output } = await controller.play([systemTask({})], { flags: ['-vvv'] });
    expect(output).toMatch(/"requests": 1/);
    expect(output).toMatch(/"module_args": \{/);
  });
});
