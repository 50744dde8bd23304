import { readFile } from 'node:fs/promises';
import { describe, expect } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Emulator } from '../emulator/emulator.ts';
import { EXAMPLES, makeSandbox, type Sandbox } from '../examples/sandbox.ts';
import { type Controller, hasAnsible } from '../harness/ansible/controller.ts';
import { testWithPipelining as test } from '../harness/ansible/fixture.ts';
import { ansibleRoot } from '../harness/ansible/installation.ts';

const SYSTEMD = 'ansible.builtin.systemd';

interface Task {
  readonly [SYSTEMD]?: { readonly state: string };
  readonly [key: string]: unknown;
}

const DOCUMENT_PATH = '/etc/jumpcloud/host.json';
const OLD_DOCUMENT = '{"groups": []}';

// The hosts are directories of this machine. The Ansible of a Debian system in ANSIBLE_ROOT cannot
// see them.
const canRun = hasAnsible && ansibleRoot === '';

describe.runIf(canRun)('systemd/rollout.yml and systemd/restore.yml', { timeout: 300_000 }, () => {
  let controller: Controller;
  let emulator: Emulator;
  let sandboxes: Sandbox[];
  let rollOut: (document: object, ...flags: string[]) => ReturnType<Controller['playbook']>;
  let restore: (document: object, ...flags: string[]) => ReturnType<Controller['playbook']>;

  /** Prepares a host with a program `restart`, which stands in for `systemctl restart`. */
  const prepareHost = async (sandbox: Sandbox) => {
    const program = sandbox.path('/usr/lib/jumpcloud-system-context/describe-host');
    const result = sandbox.path('/run/jumpcloud-system-context/jumpcloud-host.json');
    const run = `sh '${program}' '${sandbox.path(DOCUMENT_PATH)}' '${result}' >'${sandbox.path('/run/log')}' 2>&1 &`;
    await sandbox.write('/run/jumpcloud-system-context/old', '');
    await sandbox.write(DOCUMENT_PATH, OLD_DOCUMENT);
    await sandbox.writeProgram('/usr/bin/restarted', run);
    await sandbox.writeProgram('/usr/bin/stopped', ':');
  };

  test.beforeEach(async ({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
    sandboxes = await Promise.all([1, 2, 3, 4].map(() => makeSandbox(emulator)));
    for (const sandbox of sandboxes) await prepareHost(sandbox);
    const hosts = sandboxes.map((sandbox, i) => [`host-${i}`, { root: sandbox.directory }]);
    const all = { hosts: Object.fromEntries(hosts), vars: { ansible_connection: 'local' } };
    const inventory = await controller.put('rollout/hosts.yml', stringify({ all }));
    /**
     * Copies an example playbook. Replaces the paths in it with those of the host on which it runs.
     */
    const place = async (playbook: string) => {
      const text = await readFile(`${EXAMPLES}systemd/${playbook}`, 'utf8');
      const plays: { tasks: Task[] }[] = JSON.parse(
        JSON.stringify(parse(text))
          .replaceAll(/"(?=\/(usr|etc|run)\/)/g, '"{{ root }}')
          .replace('"delay":5', '"delay":1')
          .replace('"retries":120', '"retries":20'),
      );
      for (const play of plays) {
        play.tasks = play.tasks.map(({ [SYSTEMD]: unit, ...task }) =>
          unit === undefined
            ? task
            : { ...task, 'ansible.builtin.command': `{{ root }}/usr/bin/${unit.state}` },
        );
      }
      return controller.put(`rollout/${playbook}`, stringify(plays));
    };
    const rollout = await place('rollout.yml');
    const restoration = await place('restore.yml');
    rollOut = async (document, ...flags) => {
      const path = await controller.put('rollout/host.json', JSON.stringify(document));
      return controller.playbook(rollout, {
        flags: ['-i', inventory, '-e', `document=${path}`, ...flags],
      });
    };
    restore = async (document, ...flags) => {
      const path = await controller.put('rollout/bad.json', JSON.stringify(document));
      return controller.playbook(restoration, {
        flags: ['-i', inventory, '-e', `document=${path}`, ...flags],
      });
    };
    return () => Promise.all(sandboxes.map((sandbox) => sandbox.remove()));
  });

  const names = () => sandboxes.map(({ host }) => emulator.store.record(host.systemId).displayName);
  const documents = () =>
    Promise.all(sandboxes.map((sandbox) => readFile(sandbox.path(DOCUMENT_PATH), 'utf8')));

  test('the rollout checks a document, applies it in batches, and stops after a failed run', async () => {
    const before = names();
    const document = { system: { display_name: 'new' } };
    const check = await rollOut(document, '--check', '--limit', 'host-0');
    expect(check.exitCode, check.output).toBe(0);
    expect(check.output).toContain('"display_name": "new"');
    expect([names(), await documents()]).toEqual([
      before,
      [OLD_DOCUMENT, OLD_DOCUMENT, OLD_DOCUMENT, OLD_DOCUMENT],
    ]);

    const refusedId = sandboxes[1]?.host.systemId ?? '';
    emulator.faults.add({
      fault: { kind: 'status', status: 403 },
      times: 9,
      when: ({ method, url }) => method === 'PUT' && url.includes(refusedId),
    });
    const { exitCode, output, recaps } = await rollOut(document, '-e', 'batch=2');
    emulator.faults.clear();
    expect(exitCode, output).not.toBe(0);
    expect(output).toContain('403');
    expect(recaps['host-0'], output).toMatchObject({ failed: 0 });
    expect(recaps['host-1'], output).toMatchObject({ failed: 1 });
    expect(recaps['host-2'], output).toMatchObject({ failed: 0 });
    expect(recaps, output).not.toHaveProperty('host-3');
    expect(names()).toEqual(['new', before[1], 'new', before[3]]);
    const [first = '', , , last] = await documents();
    expect([JSON.parse(first), last]).toEqual([document, OLD_DOCUMENT]);
  });

  test('restore.yml restores the groups, the associations and the document that a host had before a bad document was rolled out', async () => {
    const { host } = sandboxes[0] as Sandbox;
    const { store } = emulator;
    const [group, extra] = [store.addGroup(), store.addGroup()];
    const [admin, guest] = [store.addUser(), store.addUser()];
    store.join(host.systemId, group);
    store.associate(host.systemId, 'user', admin, {
      sudo: { enabled: true, withoutPassword: true },
    });
    store.associate(host.systemId, 'user', guest);
    const state = () => store.snapshot(host.systemId);
    const before = state();
    const bad = {
      system: { display_name: 'bad' },
      groups: [extra],
      users: [],
      exclusive: ['users', 'groups'],
    };
    const { exitCode, output } = await rollOut(bad, '--limit', 'host-0');
    expect(exitCode, output).toBe(0);
    expect(state()).not.toEqual(before);
    // A repeated rollout must not replace the state that the first one saved.
    await rollOut(bad, '--limit', 'host-0');

    const changed = state();
    const check = await restore(bad, '--check', '--limit', 'host-0');
    expect(check.exitCode, check.output).toBe(0);
    expect(state()).toEqual(changed);
    const restored = await restore(bad, '-e', '{"complete": ["groups"]}');
    expect(restored.exitCode, restored.output).toBe(0);
    expect([state(), (await documents())[0]]).toEqual([before, OLD_DOCUMENT]);
    // restore.yml leaves hosts with another document unchanged: the rollout did not reach them.
    expect(await documents()).toEqual([OLD_DOCUMENT, OLD_DOCUMENT, OLD_DOCUMENT, OLD_DOCUMENT]);
    const again = await restore(bad);
    expect(again.recaps['host-0'], again.output).toMatchObject({ changed: 0, failed: 0 });
  });

  test('the rollout stops before the next batch when a host is unreachable', async () => {
    const unreachable = { ansible_connection: 'ssh', ansible_host: '127.0.0.1', ansible_port: 1 };
    const hosts = { 'host-1': unreachable };
    const inventory = await controller.put(
      'rollout/unreachable.yml',
      stringify({ all: { hosts } }),
    );
    const document = { system: { display_name: 'new' } };
    const { exitCode, output, recaps } = await rollOut(document, '-i', inventory, '-e', 'batch=2');
    expect(exitCode, output).not.toBe(0);
    expect(recaps['host-1'], output).toMatchObject({ unreachable: 1 });
    expect(output).toContain('Failed or unreachable: host-1');
    expect((await documents())[3]).toBe(OLD_DOCUMENT);
  });
});
