import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { type ManagedHost, test } from '../harness/ansible/fixture.ts';
import { type Answer, predictionOf } from '../harness/executable.ts';

const FQCN = 'systemcontext.jumpcloud';

describe.runIf(hasAnsible)('jumpcloud_host in ansible-playbook', () => {
  let controller: Controller;
  let emulator: Emulator;
  let host: ManagedHost;
  let group: string;
  let user: string;
  let team: string;
  let document: Record<string, unknown>;

  test.beforeAll(({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
  });
  test.beforeEach(({ host: own }) => {
    host = own;
    const { store } = emulator;
    [group, user, team] = [store.addGroup(), store.addUser(), store.addUserGroup()];
    document = {
      system: { display_name: 'web-1', allow_ssh_root_login: 'yes', attributes: { rack: 12 } },
      groups: group,
      users: [{ id: user, sudo: 'yes' }],
      user_groups: [team],
      exclusive: ['groups', 'users'],
    };
    emulator.clearRequests();
  });

  const task = (options: object) => ({
    name: 'Describe the host',
    [`${FQCN}.jumpcloud_host`]: { ...host.options, ...options },
    register: 'result',
  });
  const writes = () => emulator.requests.filter(({ method }) => method !== 'GET');

  /** Expects the host to be as the document describes it. */
  function expectDesiredState(): void {
    const { store } = emulator;
    expect(store.record(host.systemId)).toMatchObject({
      displayName: 'web-1',
      allowSshRootLogin: true,
      attributes: [{ name: 'rack', value: '12' }],
    });
    expect(store.groupsOf(host.systemId)).toEqual([group]);
    expect(store.edgesOf(host.systemId, 'user')).toEqual([
      [user, { sudo: { enabled: true, withoutPassword: false } }],
    ]);
    expect(store.hasEdge(host.systemId, 'user_group', team)).toBe(true);
  }

  test('--check --diff writes nothing and predicts exactly what a run changes', async () => {
    const unlisted = emulator.store.addGroup();
    emulator.store.join(host.systemId, unlisted);
    const predicted = await controller.play([task(document)], { flags: ['--check', '--diff'] });
    expect(predicted.recap).toMatchObject({ changed: 1, failed: 0 });
    expect(predicted.output).toMatch(/^-.*"display_name": "ip-10-0-0-7"/m);
    expect(predicted.output).toMatch(/^\+.*"display_name": "web-1"/m);
    expect(predicted.output).toMatch(new RegExp(`^- +"${unlisted}"`, 'm'));
    expect(predicted.output).toMatch(new RegExp(`^\\+ +"${group}"`, 'm'));
    expect(predicted.output).toMatch(new RegExp(`^\\+ +"id": "${user}"`, 'm'));
    expect(writes()).toEqual([]);

    const result = await controller.play([task(document)]);
    expect(result.recap).toMatchObject({ changed: 1, failed: 0 });
    expectDesiredState();
    const { msg, sections } = predictionOf(result.registered['result'] as Answer);
    expect(predicted.registered['result']).toMatchObject({ msg, sections: sections as object });

    emulator.clearRequests();
    const again = await controller.play([task(document)]);
    expect(again.recap).toMatchObject({ changed: 0, failed: 0 });
    // One read for each section, and one to report users with indirect access.
    expect(emulator.requests.map(({ method }) => method)).toEqual(Array(5).fill('GET'));
  });

  test('module_defaults of the action group set agent_dir and api_url for jumpcloud_host', async () => {
    const { recap } = await controller.play(
      [{ name: 'Describe the host', [`${FQCN}.jumpcloud_host`]: document }],
      { play: { module_defaults: { [`group/${FQCN}.all`]: host.options } } },
    );
    expect(recap).toMatchObject({ ok: 1, changed: 1, failed: 0 });
    expectDesiredState();
  });

  test('a section in a task replaces the same section of module_defaults completely', async () => {
    const { recap, registered } = await controller.play(
      [
        {
          name: 'Describe the host',
          [`${FQCN}.jumpcloud_host`]: { system: { description: 'Serves the shop' } },
          register: 'result',
        },
      ],
      {
        play: {
          module_defaults: {
            [`group/${FQCN}.all`]: host.options,
            [`${FQCN}.jumpcloud_host`]: { system: { display_name: 'web-9' }, groups: [group] },
          },
        },
      },
    );
    expect(recap).toMatchObject({ changed: 1, failed: 0 });
    expect(registered['result']?.msg).toBe('Changed system: description; groups: 1 added.');
  });

  test('a loop over documents can change a different host in each iteration', async () => {
    const other = await controller.enrol(emulator);
    const hosts = [
      { dir: host.agentDir, name: 'web-1' },
      { dir: other.agentDir, name: 'web-2' },
    ];
    const { recap, registered } = await controller.play([
      {
        name: 'Describe each host',
        [`${FQCN}.jumpcloud_host`]: {
          api_url: emulator.url,
          agent_dir: '{{ item.dir }}',
          system: { display_name: '{{ item.name }}', attributes: { of: '{{ item.name }}' } },
          groups: '{{ [group] }}',
        },
        loop: hosts,
        vars: { group },
        register: 'result',
      },
    ]);
    expect(recap).toMatchObject({ changed: 1, failed: 0 });
    expect(registered['result']?.['results']).toMatchObject([{ changed: true }, { changed: true }]);
    for (const [i, { systemId }] of [host, other].entries()) {
      const { displayName, attributes } = emulator.store.record(systemId);
      expect([displayName, attributes[0]?.value]).toEqual([`web-${i + 1}`, `web-${i + 1}`]);
      expect(emulator.store.groupsOf(systemId)).toEqual([group]);
    }
    await other.remove();
  });

  test('a task with the keywords `async` and `poll` runs jumpcloud_host and returns its result', async () => {
    const { recap, registered } = await controller.play([
      { ...task(document), async: 60, poll: 1 },
    ]);
    expect(recap).toMatchObject({ changed: 1, failed: 0 });
    // `finished` is 1 in ansible-core 2.14, and true in 2.19.
    expect(registered['result']?.['finished']).toBeTruthy();
    expectDesiredState();
  });

  test('a task with an invalid option in a section fails, and reports the option by its path, such as `system.displayname`', async () => {
    const { output, registered } = await controller.play([
      { ...task({ system: { displayname: 'web' } }), ignore_errors: true },
    ]);
    expect(output).toContain('did you mean display_name?');
    expect(registered['result']).toMatchObject({
      failed: true,
      error: { code: 'invalid_arguments', problems: [{ option: 'system.displayname' }] },
    });
    expect(emulator.requests).toHaveLength(0);
  });
});
