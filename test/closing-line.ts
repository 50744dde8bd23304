import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Ends a run with its counts on lines of their own, for people and for machines. */
export default class ClosingLine implements Reporter {
  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const counts = { passed: 0, failed: 0, skipped: 0, ansible: 0 };
    for (const module of modules) {
      const failedBefore = counts.failed;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'pending') continue;
        counts[state]++;
        if (state === 'passed' && isThroughAnsible(test)) counts.ansible++;
      }
      // A file can fail outside its tests, by what it imports or sets up.
      if (!module.ok() && counts.failed === failedBefore) counts.failed++;
    }
    const { passed, failed, skipped, ansible } = counts;
    console.log(
      ansible > 0
        ? `${ansible} of these tests ran through real Ansible, ${await installation()}.`
        : 'No test ran through real Ansible: ansible-playbook was not found, or no such test was asked for.',
    );
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}

/** The tests of a folder, and what Ansible does of the callers. */
function isThroughAnsible({ module, name }: TestCase): boolean {
  const isCaller = module.moduleId.includes('/test/callers/') && name.startsWith('Ansible');
  return isCaller || module.moduleId.includes('/test/ansible/');
}

/** To find out takes a second, so only those who used it do. */
async function installation(): Promise<string> {
  const { ansibleRoot, coreVersion } = await import('./harness/ansible/installation.ts');
  return `ansible-core ${coreVersion}${ansibleRoot && ` in ${ansibleRoot}`}`;
}
