import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { stringify } from 'yaml';
import { startEmulator } from '../test/emulator/emulator.ts';
import { makeController } from '../test/harness/ansible/controller.ts';
import { startSshServer } from '../test/harness/ansible/ssh-server.ts';
import { closeConnections, sshVariables } from '../test/harness/ansible/ssh-variables.ts';
import { median, pairedRatio } from './bench/statistics.ts';

/** The number of rounds, after a warm-up round that is not counted. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 15);
/**
 * The values of Ansible's setting `pipelining` that the benchmark compares. Command-line arguments
 * select some of them.
 */
const PIPELINING_VALUES = ['true', 'false'].filter(
  (value) => process.argv.length === 2 || process.argv.includes(value),
);
const TASK_COUNT = 10;

const [controller, server, emulator] = await Promise.all([
  makeController(),
  startSshServer(),
  startEmulator(),
]);
try {
  const host = await emulator.enrol();
  const common = { agent_dir: host.agentDir, api_url: emulator.url };
  emulator.store.record(host.systemId).displayName = 'web-1';
  const tasks = {
    ours: { 'systemcontext.jumpcloud.jumpcloud_system': { ...common, display_name: 'web-1' } },
    ping: { 'ansible.builtin.ping': {} },
  };
  const variables = await sshVariables(controller, server);
  const inventory = await controller.put(
    'tasks/hosts.yml',
    stringify({ all: { hosts: { web: variables } } }),
  );
  const names = Object.keys(tasks) as (keyof typeof tasks)[];
  const playbooks = new Map<string, string>();
  for (const name of names) {
    const play = {
      hosts: 'web',
      gather_facts: false,
      tasks: Array.from({ length: TASK_COUNT }, (_, i) => ({ name: `Task ${i}`, ...tasks[name] })),
    };
    playbooks.set(name, await controller.put(`tasks/${name}.yml`, stringify([play])));
  }
  const time = async (name: string, pipelining: string) => {
    const start = performance.now();
    const { exitCode, output } = await controller.playbook(playbooks.get(name) ?? '', {
      flags: ['-i', inventory],
      env: { ANSIBLE_PIPELINING: pipelining },
    });
    if (exitCode !== 0) throw new Error(output);
    return (performance.now() - start) / 1000;
  };
  console.log(
    '| pipelining | ours (s) | ping (s) | ours / ping | bytes to the host per task, ours | ping | rounds |',
  );
  console.log('|---|--:|--:|--:|--:|--:|--:|');
  for (const pipelining of PIPELINING_VALUES) {
    const times = { ours: [] as number[], ping: [] as number[] };
    const bytes = { ours: 0, ping: 0 };
    for (const name of names) {
      await time(name, pipelining);
      const before = countReceivedBytes(server.port);
      await time(name, pipelining);
      bytes[name] = Math.round((countReceivedBytes(server.port) - before) / TASK_COUNT);
    }
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? names : names.toReversed();
      for (const name of order) times[name].push(await time(name, pipelining));
    }
    const cells = [
      pipelining === 'true' ? 'on' : 'off',
      median(times.ours).toFixed(2),
      median(times.ping).toFixed(2),
      pairedRatio(times.ours, times.ping).toFixed(2),
      bytes.ours,
      bytes.ping,
      ROUNDS,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
} finally {
  await closeConnections(controller);
  await emulator.close();
  await server.close();
  await controller.remove();
}

/** Returns the number of bytes that the server has received over Ansible's open connection. */
function countReceivedBytes(port: number): number {
  const words = ['-tinH', 'state', 'established', 'sport', '=', `:${port}`];
  const text = execFileSync('ss', words, { encoding: 'utf8' });
  return [...text.matchAll(/bytes_received:(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}
