import { randomUUID } from 'node:crypto';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, vi } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { type Controller, hasAnsible, type PlayOptions } from '../harness/ansible/controller.ts';
import { test } from '../harness/ansible/fixture.ts';
import { type SshServer, startSshServer } from '../harness/ansible/ssh-server.ts';
import { closeConnections, sshVariables } from '../harness/ansible/ssh-variables.ts';
import { canHaveMounts } from '../harness/host-with-programs.ts';
import { isRoot } from '../harness/is-root.ts';
import { signalProcesses, watchFiles, watchProcesses } from './roles/watch.ts';

const FQCN = 'systemcontext.jumpcloud';
const SYSTEM = `${FQCN}.jumpcloud_system`;
const INFO = `${FQCN}.jumpcloud_system_info`;
/** The directories on a host in which the module's file may exist for a moment. */
const MODULE_DIRECTORIES = ['/dev/shm', '/run'];

const canRun =
  hasAnsible &&
  isRoot &&
  canHaveMounts() &&
  hasPrograms('the tests of modules in one command', '/usr/sbin/sshd', 'sudo', 'unshare');

describe.runIf(canRun)('modules over SSH with pipelining', { timeout: 240_000 }, () => {
  let controller: Controller;
  let emulator: Emulator;
  let server: SshServer;
  let host: EnrolledHost;
  let other: EnrolledHost;
  let directory: string;
  /** The path of a program that prints text before it runs Node.js. */
  let chatty: string;
  /** The path of a program that prints text and fails without running Node.js. */
  let broken: string;

  test.beforeAll(async ({ controller: ansible, emulator: shared }) => {
    controller = ansible;
    emulator = shared;
    server = await startSshServer();
    [host, other] = [await emulator.enrol(), await emulator.enrol()];
    await chmod(join(host.agentDir, 'client.key'), 0o644);
    directory = server.remoteTemp;
    chatty = await program('chatty', `echo Welcome; exec ${process.execPath} "$@"`);
    broken = await program('broken', 'echo Bye; exit 3');
  });
  afterAll(async () => {
    if (controller) await closeConnections(controller);
    await server?.close();
  });

  async function program(name: string, line: string): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    return path;
  }

  /** Runs tasks on the host over SSH, with the module's common options as defaults. */
  const play = async (tasks: readonly object[], variables = {}, options: PlayOptions = {}) => {
    const vars = { ...(await sshVariables(controller, server)), ...variables };
    const hosts = { web: vars, db: vars, gone: { ...vars, ansible_port: 1 } };
    const inventory = await controller.put('one/hosts.yml', stringify({ all: { hosts } }));
    const defaults = { agent_dir: host.agentDir, api_url: emulator.url };
    return controller.play(tasks, {
      ...options,
      flags: ['-i', inventory, ...(options.flags ?? [])],
      play: {
        hosts: 'web',
        connection: 'ssh',
        module_defaults: { [`group/${FQCN}.all`]: defaults },
        ...options.play,
      },
    });
  };
  const leftFiles = async () =>
    (await Promise.all(MODULE_DIRECTORIES.map((path) => readdir(path))))
      .flat()
      .filter((name) => name.startsWith('jumpcloud-'));

  /** Returns the number of commands that Ansible ran over SSH, by task. */
  const countCommands = (output: string): Record<string, number> =>
    Object.fromEntries(
      output
        .split(/^TASK \[/m)
        .slice(1)
        .map((text) => [text.slice(0, text.indexOf(']')), text.match(/SSH: EXEC/g)?.length ?? 0]),
    );

  const TASKS = (): readonly object[] =>
    Object.entries({
      reads: { [INFO]: { gather: ['system'] } },
      predicts: { [SYSTEM]: { display_name: 'web-9' }, check_mode: true, diff: true },
      loops: { [SYSTEM]: { description: '{{ item }}' }, check_mode: true, loop: ['a', 'é ☃ 𝄞'] },
      misspells: { [SYSTEM]: { displayname: 'x' }, ignore_errors: true },
      lacks_node: { [INFO]: {}, environment: { JUMPCLOUD_NODE: '/no/node' }, ignore_errors: true },
      chats: { [INFO]: { gather: [] }, environment: { JUMPCLOUD_NODE: chatty } },
      breaks: { [INFO]: {}, environment: { JUMPCLOUD_NODE: broken }, ignore_errors: true },
      repeats: { [INFO]: { gather: [] }, until: 'repeats.enrolled', retries: 2, delay: 0 },
      delegates: { [INFO]: { agent_dir: other.agentDir }, delegate_to: 'db' },
      hides: { [SYSTEM]: { description: 'x' }, no_log: true, check_mode: true },
      in_background: { [INFO]: { gather: [] }, async: 60, poll: 1 },
    }).map(([name, task]) => ({ name, register: name, ...task }));

  test('with pipelining, Ansible runs a task as one command, with the same result as without pipelining', async () => {
    const flags = ['-vvv'];
    // Only the keyword `async` needs Python on the host.
    const one = await play(TASKS(), { ansible_pipelining: true }, { flags });
    const copied = await play(TASKS(), {}, { flags });
    const counts = countCommands(one.output);
    expect(counts).toMatchObject({
      ...{ reads: 1, predicts: 1, loops: 2, misspells: 1, lacks_node: 1, chats: 1, breaks: 1 },
      ...{ repeats: 1, delegates: 1, hides: 1 },
    });
    expect(countCommands(copied.output)['reads']).toBeGreaterThan(3);
    const comparable = ({ registered }: typeof one) =>
      JSON.parse(
        JSON.stringify(registered, (key, value) =>
          /^(ansible_job_id|results_file|module_stderr|exception|attempts|clock_offset)$/.test(key)
            ? undefined
            : typeof value === 'string'
              ? value.replaceAll('\r\n', '\n')
              : value,
        ),
      );
    expect(comparable(one)).toEqual(comparable(copied));
    expect(one.registered).toMatchObject({
      reads: { enrolled: true, system: { displayName: 'ip-10-0-0-7' } },
      predicts: { changed: true, diff: { after: { display_name: 'web-9' } } },
      misspells: { msg: expect.stringContaining('did you mean display_name?') },
      breaks: { failed: true, rc: 3, module_stdout: 'Bye\n' },
      delegates: { agent: { system_id: other.systemId } },
      in_background: { enrolled: true, finished: expect.anything() },
    });
    expect(one.output).toMatch(/client\.key.*chmod 600/);
    expect(await leftFiles()).toEqual([]);
  });

  test('a secret in an option appears in no file, no process list and no output', async () => {
    // The secret is random, so that no copy of this test file contains it.
    const secret = `hunter2-${randomUUID()}`;
    const proxy = `http://ansible:${secret}@127.0.0.1:1`;
    const watches = [
      watchProcesses(secret),
      watchFiles([directory, ...MODULE_DIRECTORIES], secret),
    ];
    const { output, recap } = await play(
      [{ [INFO]: { proxy, api_url: 'https://127.0.0.1:9', timeout: 2 } }],
      { ansible_python_interpreter: '/nonexistent' },
      { flags: ['-vvvv', '--diff'], env: { ANSIBLE_PIPELINING: 'true' } },
    );
    const [seen, files] = await Promise.all(watches.map((watch) => watch.stop()));
    expect(recap).toMatchObject({ failed: 1 });
    expect(output).toContain('127.0.0.1:1');
    expect(output).not.toContain(secret);
    expect(seen).toEqual([]);
    // The playbook contains the secret too, but it stays on this machine.
    expect(files?.filter((path) => !path.includes('/play-'))).toEqual([]);
  });

  test.each<[reason: string, variables: object, env: Record<string, string>]>([
    [
      'Ansible keeps remote files',
      { ansible_remote_tmp: '{{ ansible_async_dir }}/kept' },
      { ANSIBLE_KEEP_REMOTE_FILES: 'true' },
    ],
    ['ssh makes a terminal', { ansible_ssh_extra_args: '-tt' }, {}],
    ['pipelining is switched off for the host', { ansible_pipelining: false }, {}],
  ])('the module is copied when %s', async (_, variables, env) => {
    const { output, recap, registered } = await play(
      [{ name: 'reads', [INFO]: { gather: [] }, register: 'reads' }],
      variables,
      { flags: ['-vvv'], env: { ANSIBLE_PIPELINING: 'true', ...env } },
    );
    expect(recap, output).toMatchObject({ ok: 2, failed: 0 });
    expect(registered['reads']).toMatchObject({ enrolled: true });
    expect(countCommands(output)['reads']).toBeGreaterThan(3);
  });

  test('a module gets the variables of the keyword `environment` when ansible_shell_executable is /bin/bash', async () => {
    const env = { JUMPCLOUD_NODE: '/no/it\'s "odd" $HOME !', name: 'x' };
    const { output, registered } = await play(
      [{ name: 'reads', [INFO]: {}, environment: env, register: 'reads', ignore_errors: true }],
      { ansible_pipelining: true, ansible_shell_executable: '/bin/bash' },
      { flags: ['-vvv'] },
    );
    expect(registered['reads'], output).toMatchObject({
      msg: expect.stringContaining(env.JUMPCLOUD_NODE),
    });
    expect(countCommands(output)['reads']).toBe(1);
  });

  test('a host that cannot be reached is reported as unreachable', async () => {
    const { output, recaps } = await play(
      [{ [INFO]: {} }],
      { ansible_pipelining: true },
      { play: { hosts: 'gone' } },
    );
    expect(recaps['gone'], output).toMatchObject({ unreachable: 1, failed: 0 });
  });

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'a run that is ended by %s leaves no file on the host',
    async (signal) => {
      emulator.clearRequests();
      emulator.faults.add({ fault: { kind: 'slow', ms: 4000 }, times: 1 });
      const playing = play([{ [INFO]: { gather: ['system'] } }], { ansible_pipelining: true });
      await vi.waitFor(() => expect(emulator.requests.length).toBeGreaterThan(0), 30_000);
      expect(await leftFiles()).toEqual([]);
      await signalProcesses(`ansible-playbook ${controller.directory}/`, signal);
      await playing;
      expect(await leftFiles()).toEqual([]);
      expect((await readdir(directory)).filter((name) => name.startsWith('ansible-'))).toEqual([]);
    },
  );

  describe('when sudo asks for a password', () => {
    let sudoServer: SshServer;
    const password = "it's a §ecret";
    test.beforeAll(async () => {
      sudoServer = await startSshServer({ sudo: { password } });
    });
    afterAll(() => sudoServer?.close());
    const playWithSudo = async (given: string) =>
      play(
        [{ name: 'reads', [INFO]: { gather: ['system'] }, register: 'reads' }],
        {
          ...(await sshVariables(controller, sudoServer)),
          ansible_become: true,
          ansible_become_password: given,
          ansible_pipelining: true,
        },
        { flags: ['-vvv'] },
      );

    test('when sudo asks for a password, a module still runs as root, and as one command', async () => {
      const { output, recap, registered } = await playWithSudo(password);
      expect(recap, output).toMatchObject({ failed: 0, unreachable: 0 });
      expect(registered['reads']).toMatchObject({ enrolled: true });
      expect(countCommands(output)['reads']).toBe(1);
      expect(output).not.toContain(password);
    });

    test("a wrong sudo password fails with Ansible's own message", async () => {
      const { output, recap } = await playWithSudo('wrong');
      expect(recap, output).toMatchObject({ ok: 0 });
      expect(output).toContain('Incorrect sudo password');
    });
  });
});
