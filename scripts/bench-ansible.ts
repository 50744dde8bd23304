import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmulator } from '../test/emulator/emulator.ts';
import { makeController } from '../test/harness/ansible/controller.ts';
import { startSshServer } from '../test/harness/ansible/ssh-server.ts';
import { makeFleet } from './bench/ansible/fleet.ts';
import {
  PLAYS,
  type Play,
  playTable,
  type SettingResults,
  taskTable,
} from './bench/ansible/play-tables.ts';
import { measurePlay, type PlayTime } from './bench/ansible/timed-play.ts';
import { projectDirectory } from './build/project-directory.ts';

/** The number of runs of each play, after a warm-up round that is not counted. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 5);
/**
 * The benchmark's settings: hosts, connection and pipelining. Command-line arguments select
 * settings by name.
 */
const SETTINGS = [
  { name: 'local', size: 1, ssh: false, pipelining: false, forks: 5 },
  { name: '1 over SSH', size: 1, ssh: true, pipelining: false, forks: 5 },
  { name: '1 over SSH, pipelining', size: 1, ssh: true, pipelining: true, forks: 5 },
  { name: '5 over SSH', size: 5, ssh: true, pipelining: false, forks: 5 },
  { name: '20 over SSH', size: 20, ssh: true, pipelining: false, forks: 20 },
].filter(({ name }) => process.argv.length === 2 || process.argv.includes(name));
const RUN_KINDS = ['first', 'unchanged'] as const;

const benchDirectory = join(projectDirectory, 'scripts/bench/ansible');
const resultsDirectory = join(projectDirectory, 'dist/bench');
const [controller, server, emulator] = await Promise.all([
  makeController(),
  startSshServer(),
  startEmulator(),
]);
const playbooks: Readonly<Record<Play, string>> = {
  host: await controller.copy(join(benchDirectory, 'with-host.yml')),
  modules: await controller.copy(join(benchDirectory, 'with-modules.yml')),
  byHand: await controller.copy(join(benchDirectory, 'by-hand.yml')),
};
const plugin = 'callback_plugins/task_times.py';
await controller.put(plugin, await readFile(join(benchDirectory, plugin), 'utf8'));
await mkdir(resultsDirectory, { recursive: true });
try {
  const measured: SettingResults[] = [];
  for (const setting of SETTINGS) {
    measured.push(...(await measure(setting)));
    const text = report(measured);
    await writeFile(join(resultsDirectory, 'ansible.md'), text);
    console.log(playTable(measured));
  }
  console.log(`\n${report(measured)}`);
} finally {
  await emulator.close();
  await server.close();
  await controller.remove();
}

/** Runs the plays in rotating order, so that a slow minute affects all plays equally. */
async function measure(setting: (typeof SETTINGS)[number]): Promise<SettingResults[]> {
  const fleet = await makeFleet(
    controller,
    emulator,
    setting.size,
    setting.ssh ? server : undefined,
  );
  const flags = ['-i', fleet.inventory, '--forks', String(setting.forks)];
  const measured = RUN_KINDS.map((kind) => ({
    name: setting.name,
    kind,
    rounds: ROUNDS,
    plays: { host: [], modules: [], byHand: [] } as Record<Play, PlayTime[]>,
    requests: { host: 0, modules: 0, byHand: 0 },
  }));
  for (let round = 0; round <= ROUNDS; round++) {
    for (const play of [...PLAYS.slice(round % 3), ...PLAYS.slice(0, round % 3)]) {
      fleet.reset();
      for (const result of measured) {
        emulator.clearRequests();
        const time = await measurePlay(controller, playbooks[play], flags, setting.pipelining);
        fleet.verify();
        const writes = emulator.requests.some(({ method }) => method !== 'GET');
        if (writes !== (result.kind === 'first'))
          throw new Error(
            `The play ${play} (${result.kind}) sent ${writes ? 'a' : 'no'} request that writes.`,
          );
        result.requests[play] = emulator.requests.length;
        if (round > 0) result.plays[play].push(time);
      }
    }
  }
  await fleet.close();
  return measured;
}

/**
 * Returns a table of all plays, and a table with the task times of each play in which nothing
 * changed.
 */
function report(settings: readonly SettingResults[]): string {
  const tasks = settings
    .filter(({ kind }) => kind === 'unchanged')
    .flatMap(({ name, plays }) => [
      `### ${name}, unchanged: seconds of each task over all hosts`,
      ...PLAYS.map((play) => taskTable(plays[play])),
    ]);
  const title =
    '## A play that manages four sections of the record: medians, and ratios of paired runs';
  return `${[title, playTable(settings), ...tasks].join('\n\n')}\n`;
}
