import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { startEmulator } from '../test/emulator/emulator.ts';
import type { StepRunner } from '../test/harness/demo/step-runner.ts';
import { throughAnsible } from '../test/harness/demo/through-ansible.ts';
import { withoutAnsible } from '../test/harness/demo/without-ansible.ts';
import { buildAll } from './build/build-all.ts';
import { projectDirectory } from './build/project-directory.ts';
import { Narrator } from './demo/narrator.ts';

/** The runs of the playbooks, and their expected outcome. */
const runs = [
  {
    title: 'Run the playbook, one task: this host gets the settings, groups and users it describes',
    playbook: 'playbook.yml',
    display_name: 'web-1',
    flags: ['--diff'],
    changed: true,
    written: true,
  },
  {
    playbook: 'playbook.yml',
    title: 'Ask what another name would change, without changing it (--check --diff)',
    display_name: 'web-2',
    flags: ['--check', '--diff'],
    changed: true,
    written: false,
  },
  {
    playbook: 'playbook.yml',
    title: 'Run the playbook again: everything is as described',
    display_name: 'web-1',
    flags: ['--diff'],
    changed: false,
    written: false,
  },
  {
    title: 'Remove the host from JumpCloud',
    playbook: 'removal.yml',
    display_name: 'web-1',
    flags: [],
    changed: true,
    written: true,
  },
  {
    title: 'Remove it again: there is nothing left to remove',
    playbook: 'removal.yml',
    display_name: 'web-1',
    flags: [],
    changed: false,
    written: false,
  },
] as const;

const narrator = new Narrator();
const directory = await mkdtemp(join(tmpdir(), 'jumpcloud-demo-'));
// A signal ends the running program and then the demo, which still cleans up.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort());
}
const emulator = await startEmulator();
try {
  await demonstrate();
  console.log('\nAll went as expected: the second run of each playbook changed nothing.');
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
    (built) =>
      `Built ${built.modules.length} modules in dist/modules, and ${relative(projectDirectory, built.collection)}`,
  );
  const host = await narrator.step(
    'Enrol a throwaway host in the JumpCloud emulator',
    () => emulator.enrol({ agentDir: join(directory, 'jc') }),
    ({ systemId }) => `${emulator.url} knows system ${systemId}`,
  );
  const runPlaybook = await chooseRunner(collection);
  const objects = {
    system_group: emulator.store.addGroup(),
    user: emulator.store.addUser(),
    user_group: emulator.store.addUserGroup(),
  };
  const connection = { agent_dir: host.agentDir, api_url: emulator.url };
  for (const { title, playbook, display_name, flags, changed, written } of runs) {
    const before = emulator.requests.length;
    const variables = { ...connection, ...objects, display_name };
    const sent = () => emulator.requests.slice(before).map(({ method }) => method);
    const outcome = await narrator.step(
      title,
      async () => {
        const result = await runPlaybook(playbook, variables, flags);
        narrator.quote(result.output);
        return result;
      },
      (result) => `${outcomeText(result.changed, flags)}; ${countText(sent())}`,
    );
    check(!interruption.signal.aborted, 'it was interrupted');
    check(outcome.failed === 0, 'a task failed');
    check(outcome.changed > 0 === changed, `expected ${changed ? 'a' : 'no'} change`);
    check(
      sent().some((method) => method !== 'GET') === written,
      `expected ${written ? 'a' : 'no'} request that writes`,
    );
  }
}

/** Runs the playbooks with Ansible if it is installed, otherwise with the executables alone. */
async function chooseRunner(collection: string): Promise<StepRunner> {
  const { exitCode } = await execa('ansible-playbook', ['--version'], { reject: false });
  if (exitCode === 0) {
    return narrator.step(
      'Install the collection, for this demo only',
      () => throughAnsible(collection, directory, interruption.signal),
      () => 'Installed',
    );
  }
  console.log(`
Ansible is not installed, so the next steps call the modules directly. To run them through Ansible,
install it (Debian, Ubuntu: apt-get install --no-install-recommends ansible-core) and run this again.`);
  return withoutAnsible;
}

function outcomeText(changed: number, flags: readonly string[]): string {
  if (changed === 0) return 'Changed nothing';
  return flags.includes('--check') ? 'Would have changed something' : 'Changed something';
}

/** Returns, for example, `3 requests to the API: 2 GET, 1 PUT`. */
function countText(methods: readonly string[]): string {
  const noun = methods.length === 1 ? 'request' : 'requests';
  const kinds = [...new Set(methods)].map(
    (kind) => `${methods.filter((method) => method === kind).length} ${kind}`,
  );
  return `${methods.length} ${noun} to the API${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}`;
}

function check(isAsExpected: boolean, otherwise: string): void {
  if (!isAsExpected) throw new Error(`${otherwise}.`);
}
