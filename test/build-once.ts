import { execa } from 'execa';
import type { TestProject } from 'vitest/node';

/** The tests run the built executables, so they are built before the first one, and when watched anew. */
export async function setup(project: TestProject): Promise<void> {
  const build = async () => void (await execa('npm', ['run', '--silent', 'build']));
  await build();
  project.onTestsRerun(build);
}
