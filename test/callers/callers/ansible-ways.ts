import type { Controller } from '../../harness/ansible/controller.ts';
import { ansibleRoot } from '../../harness/ansible/installation.ts';
import { sshVariables } from '../../harness/ansible/ssh-variables.ts';
import { quoteForShell } from '../../terminal.ts';
import { type Caller, flagsOf } from '../caller.ts';
import { readAnswer } from '../read-answer.ts';
import type { TestBed } from '../test-bed.ts';
import { type AnsibleWay, ansibleCaller, moduleTask, type RegisteredResult } from './ansible.ts';
import { commandLine } from './shell.ts';

const SSHD = '/usr/sbin/sshd';

const sshConnection = {
  needs: [SSHD],
  variables: async (bed: TestBed, controller: Controller) =>
    sshVariables(controller, await bed.sshServer()),
} satisfies Partial<AnsibleWay>;

/** Reads the result of a task that ran a command on a terminal, where lines end with CRLF. */
const commandResult = ({ stdout, rc }: RegisteredResult) => ({
  answer: readAnswer(String(stdout).replaceAll('\r\n', '\n'), { isTerminal: true }),
  exitCode: Number(rc),
});

const WAYS: readonly AnsibleWay[] = [
  { ...sshConnection, name: 'Ansible over ssh', column: 'ssh' },
  {
    ...sshConnection,
    name: 'Ansible over ssh with pipelining',
    column: 'pipelining',
    env: { ANSIBLE_PIPELINING: 'true' },
  },
  {
    name: 'Ansible over ssh with become',
    column: 'become',
    needs: [SSHD, 'sudo', 'unshare'],
    needsPrivileges: true,
    variables: async (bed, controller) => ({
      ...(await sshVariables(controller, await bed.sudoServer())),
      ansible_become: true,
    }),
  },
  {
    ...sshConnection,
    name: 'Ansible over ssh with async',
    column: 'async',
    // In check mode Ansible fails: "check mode and async cannot be used on same task".
    lacksCheckMode: true,
    task: (call) => ({ ...moduleTask(call), async: 60, poll: 1 }),
    adds: [
      ...['ansible_job_id', 'finished', 'results_file', 'started'],
      ...['stdout', 'stdout_lines', 'stderr', 'stderr_lines'],
    ],
  },
  {
    name: 'Ansible over the local connection',
    column: 'local',
    ...(ansibleRoot !== '' && { root: ansibleRoot }),
    variables: async () => ({
      ansible_connection: 'local',
      ansible_python_interpreter: '/usr/bin/python3',
    }),
  },
  {
    ...sshConnection,
    name: "Ansible's raw module with --json",
    column: 'raw',
    task: (call) => ({ 'ansible.builtin.raw': commandLine(call, '--json') }),
    read: commandResult,
  },
  {
    ...sshConnection,
    name: "Ansible's script module with --json",
    column: 'script',
    task: (call, { directory }) => ({
      'ansible.builtin.script': [
        `${directory}/ansible_collections/systemcontext/jumpcloud/plugins/modules/${call.module}`,
        '--json',
        ...flagsOf(call),
        quoteForShell(JSON.stringify(call.options)),
      ].join(' '),
    }),
    read: commandResult,
  },
];

/** A caller for each way in which Ansible can call a module. */
export const ansibleCallers: readonly Caller[] = WAYS.map(ansibleCaller);
