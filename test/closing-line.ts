import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Prints how many tests ran through Ansible, then how many passed, failed or were skipped. These
 * are the last two lines of the output.
 */
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
      // A file can fail outside its tests, in an import or a hook.
      if (!module.ok() && counts.failed === failedBefore) counts.failed++;
    }
    const { passed, failed, skipped, ansible } = counts;
    console.log(
      ansible > 0
        ? `${ansible} of the passed tests ran through real Ansible, ${await describeInstallation()}.`
        : 'No test ran through real Ansible: ansible-playbook was not found, or no such test was selected.',
    );
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
}

/** Returns whether a test calls modules through Ansible. */
function isThroughAnsible({ module, name }: TestCase): boolean {
  const isCaller = module.moduleId.includes('/test/callers/') && name.startsWith('Ansible');
  return isCaller || module.moduleId.includes('/test/ansible/');
}

/**
 * Returns the version and root directory of the Ansible under test. Imports installation.ts only
 * when called, because its import runs Ansible, which takes a second.
 */
async function describeInstallation(): Promise<string> {
  const { ansibleRoot, coreVersion } = await import('./harness/ansible/installation.ts');
  return `ansible-core ${coreVersion}${ansibleRoot && ` in ${ansibleRoot}`}`;
}
