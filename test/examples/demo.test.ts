import { expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import { collectionPath } from '../harness/ansible/controller.ts';
import { makeAnsibleRunner } from '../harness/demo/make-ansible-runner.ts';
import { runWithoutAnsible } from '../harness/demo/run-without-ansible.ts';
import type { Playbook, StepRunner } from '../harness/demo/step-runner.ts';
import { hasPrograms } from './has-programs.ts';
import { IDS, makeSandbox, type Sandbox, test } from './sandbox.ts';

let emulator: Emulator;
test.beforeAll(({ emulator: sharedEmulator }) => {
  emulator = sharedEmulator;
});

/**
 * Expects each playbook of the demo to change the host on its first run, and nothing on its second.
 */
async function expectIdempotent(
  makeRunner: (sandbox: Sandbox) => Promise<StepRunner> | StepRunner,
): Promise<void> {
  const sandbox = await makeSandbox(emulator);
  try {
    const run = await makeRunner(sandbox);
    const { agentDir, systemId } = sandbox.host;
    const userGroup = emulator.store.addUserGroup();
    const variables = {
      agent_dir: agentDir,
      api_url: emulator.url,
      names: {
        system_group: { web: IDS.web },
        user: { ada: IDS.admin },
        user_group: { platform: userGroup },
      },
    };
    const counts = async (playbook: Playbook) => {
      const { changed, failed } = await run(playbook, variables, []);
      return { changed, failed, writes: sandbox.writes().length };
    };

    expect(await counts('playbook.yml')).toEqual({ changed: 1, failed: 0, writes: 4 });
    expect(emulator.store.record(systemId)).toMatchObject({ displayName: 'web-1' });
    expect(emulator.store.groupsOf(systemId)).toEqual([IDS.web]);
    expect(emulator.store.hasEdge(systemId, 'user', IDS.admin)).toBe(true);
    expect(emulator.store.hasEdge(systemId, 'user_group', userGroup)).toBe(true);
    expect(await counts('playbook.yml')).toEqual({ changed: 0, failed: 0, writes: 0 });

    expect(await counts('removal.yml')).toEqual({ changed: 1, failed: 0, writes: 1 });
    expect(emulator.store.systems.has(systemId)).toBe(false);
    expect(await counts('removal.yml')).toEqual({ changed: 0, failed: 0, writes: 0 });
  } finally {
    await sandbox.remove();
  }
}

const PLAYBOOKS = 'demo/playbook.yml and demo/removal.yml';

test(`${PLAYBOOKS} are idempotent when their tasks call the executables directly`, () =>
  expectIdempotent(() => runWithoutAnsible));

test.runIf(hasPrograms(`${PLAYBOOKS} run by Ansible`, 'ansible-playbook'))(
  `${PLAYBOOKS} are idempotent when Ansible runs them`,
  { timeout: 300_000 },
  () =>
    expectIdempotent(async ({ directory }) =>
      makeAnsibleRunner(await collectionPath(), directory, new AbortController().signal),
    ),
);
