import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { startEmulator } from '../test/emulator/emulator.ts';
import { makeAnsibleRunner } from '../test/harness/demo/make-ansible-runner.ts';
import { runWithoutAnsible } from '../test/harness/demo/run-without-ansible.ts';
import { playbookPath, type StepRunner } from '../test/harness/demo/step-runner.ts';
import { buildAll } from './build/build-all.ts';
import { projectDirectory } from './build/project-directory.ts';
import { Narrator } from './demo/narrator.ts';
import { SCENES, type Scene } from './demo/scenes.ts';

const NEXT_STEPS = `
Next: try it yourself against the emulator ("Quickstart" in README.md):
   npm run emulator -- --port 8099 --dir /tmp/jc-demo
Then: a real fleet with Ansible (docs/ansible.md), or machines that configure
themselves at boot (docs/autoscaling.md).`;

const narrator = new Narrator();
const directory = await mkdtemp(join(tmpdir(), 'jumpcloud-demo-'));
// A signal ends the running program. The demo then cleans up and ends.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort());
}
const emulator = await startEmulator();
try {
  await demonstrate();
  console.log('\nAll went as expected.');
  console.log(NEXT_STEPS);
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await emulator.close();
  await rm(directory, { recursive: true });
}

async function demonstrate(): Promise<void> {
  const { collection } = await narrator.step(
    'Build the modules and the Ansible collection',
    () => buildAll(join(projectDirectory, 'dist')),
    (built) => `Built ${built.modules.length} modules and the collection in dist`,
  );
  const host = await narrator.step(
    'Enrol a throwaway host in the JumpCloud emulator',
    () => emulator.enrol({ agentDir: join(directory, 'jc') }),
    ({ systemId }) => `Enrolled system ${systemId} at ${emulator.url}`,
  );
  const runPlaybook = await chooseRunner(collection);
  const { store } = emulator;
  const names = {
    system_group: { web: store.addNamed('system_group', 'web') },
    user: { ada: store.addNamed('user', 'ada') },
    user_group: { platform: store.addNamed('user_group', 'platform') },
  };
  const variables = { agent_dir: host.agentDir, api_url: emulator.url, names };
  await showPlaybook();
  for (const scene of SCENES) {
    await playScene(scene, async () => {
      if (scene.prepare) narrator.say(scene.prepare(emulator, host));
      const result = await runPlaybook(scene.playbook, variables, scene.flags);
      narrator.quote(result.output);
      return result;
    });
  }
}

/** Prints the task of the playbook, and explains its variable `names`. */
async function showPlaybook(): Promise<void> {
  const path = playbookPath('playbook.yml');
  const [, tasks = ''] = (await readFile(path, 'utf8')).split('  tasks:\n');
  console.log(`\nThe task in ${relative(projectDirectory, path)}:`);
  narrator.quote(tasks.trimEnd().replace(/^ {4}/gm, ''));
  narrator.say('names maps each name to its id. The module jumpcloud_names returns it.');
}

async function playScene(scene: Scene, run: () => ReturnType<StepRunner>): Promise<void> {
  const before = emulator.requests.length;
  const sent = () => emulator.requests.slice(before).map(({ method }) => method);
  const outcome = await narrator.step(
    scene.title,
    run,
    ({ changed }) => `${outcomeText(changed, scene.flags)}; ${countText(sent())}`,
  );
  requireCondition(!interruption.signal.aborted, 'it was interrupted');
  requireCondition(outcome.failed === 0, 'a task failed');
  requireCondition(
    outcome.changed > 0 === scene.expectsChange,
    `expected ${scene.expectsChange ? 'a' : 'no'} change`,
  );
  requireCondition(
    sent().some((method) => method !== 'GET') === scene.expectsWrite,
    `expected ${scene.expectsWrite ? 'a' : 'no'} request that writes`,
  );
}

/**
 * Returns a runner that uses Ansible, or calls the modules directly if Ansible is not installed.
 */
async function chooseRunner(collection: string): Promise<StepRunner> {
  const { exitCode } = await execa('ansible-playbook', ['--version'], { reject: false });
  if (exitCode === 0) {
    return narrator.step(
      'Install the collection, for this demo only',
      () => makeAnsibleRunner(collection, directory, interruption.signal),
      () => 'Installed',
    );
  }
  console.log(`
Ansible is not installed, so the next steps call the modules directly. To run
them through Ansible, install it and run this again (Debian, Ubuntu:
apt-get install --no-install-recommends ansible-core).`);
  return runWithoutAnsible;
}

function outcomeText(changed: number, flags: readonly string[]): string {
  if (changed === 0) return 'Changed nothing';
  return flags.includes('--check') ? 'Would change the host' : 'Changed the host';
}

/** Returns, for example, `3 requests: 2 GET, 1 PUT`. */
function countText(methods: readonly string[]): string {
  const noun = methods.length === 1 ? 'request' : 'requests';
  const kinds = [...new Set(methods)].map(
    (kind) => `${methods.filter((method) => method === kind).length} ${kind}`,
  );
  return `${methods.length} ${noun}${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}`;
}

function requireCondition(condition: boolean, problem: string): void {
  if (!condition) throw new Error(`${problem}.`);
}
