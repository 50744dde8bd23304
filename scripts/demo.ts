import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { startEmulator } from '../test/emulator/emulator.ts';
import { buildAll } from './build/build-all.ts';
import { projectFolder } from './build/project-folder.ts';
import { Narrator } from './demo/narrator.ts';
import type { StepRunner } from './demo/step-runner.ts';
import { throughAnsible } from './demo/through-ansible.ts';
import { withoutAnsible } from './demo/without-ansible.ts';

/** The runs of the playbook, and what has to come of each. */
const runs = [
  {
    title: 'Run the playbook: this host gets the settings it describes',
    display_name: 'web-1',
    flags: [],
    changed: true,
    written: true,
  },
  {
    title: 'Ask what another name would change, without changing it (--check --diff)',
    display_name: 'web-2',
    flags: ['--check', '--diff'],
    changed: true,
    written: false,
  },
  {
    title: 'Run the playbook again: everything is as described',
    display_name: 'web-1',
    flags: [],
    changed: false,
    written: false,
  },
] as const;

const narrator = new Narrator();
const folder = await mkdtemp(join(tmpdir(), 'jumpcloud-demo-'));
const emulator = await startEmulator();
try {
  await demonstrate();
  console.log('\nAll went as expected: the second run of the playbook changed nothing.');
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await emulator.close();
  await rm(folder, { recursive: true });
}

async function demonstrate(): Promise<void> {
  const { collection } = await narrator.step(
    'Build the modules and the Ansible collection',
    () => buildAll(join(projectFolder, 'dist')),
    (built) =>
      `Built ${built.modules.length} modules in dist/modules, and ${relative(projectFolder, built.collection)}`,
  );
  const host = await narrator.step(
    'Enrol a throwaway host in the JumpCloud emulator',
    () => emulator.enrol({ agentDir: join(folder, 'jc') }),
    ({ systemId }) => `${emulator.url} knows system ${systemId}`,
  );
  const runPlaybook = await chooseRunner(collection);
  for (const { title, display_name, flags, changed, written } of runs) {
    const before = emulator.requests.length;
    const variables = { agent_dir: host.agentDir, api_url: emulator.url, display_name };
    const sent = () => emulator.requests.slice(before).map(({ method }) => method);
    const outcome = await narrator.step(
      title,
      async () => {
        const result = await runPlaybook(variables, flags);
        narrator.quote(result.output);
        return result;
      },
      (result) => `${told(result.changed, flags)}; requests to the API: ${sent().join(', ')}`,
    );
    check(outcome.failed === 0, 'a task failed');
    check(outcome.changed > 0 === changed, `expected ${changed ? 'a' : 'no'} change`);
    check(
      sent().some((method) => method !== 'GET') === written,
      'wrote what it should not, or nothing',
    );
  }
}

/** Ansible when there is one, else the executables alone. */
async function chooseRunner(collection: string): Promise<StepRunner> {
  const { exitCode } = await execa('ansible-playbook', ['--version'], { reject: false });
  if (exitCode === 0) {
    return narrator.step(
      'Install the collection, for this demo only',
      () => throughAnsible(collection, folder),
      () => 'Installed',
    );
  }
  console.log(`
Ansible is not installed, so the next steps call the modules without it. To see them through Ansible,
install it (Debian, Ubuntu: apt-get install --no-install-recommends ansible-core) and run this again.`);
  return withoutAnsible;
}

function told(changed: number, flags: readonly string[]): string {
  if (changed === 0) return 'Changed nothing';
  return flags.includes('--check') ? 'Would have changed something' : 'Changed something';
}

function check(asExpected: boolean, otherwise: string): void {
  if (!asExpected) throw new Error(`${otherwise}.`);
}
