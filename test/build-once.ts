import { execa } from 'execa';
import type { TestProject } from 'vitest/node';

/** Builds the executables before the first test, and again on every rerun in watch mode. */
export async function setup(project: TestProject): Promise<void> {
  const build = async () => void (await execa('npm', ['run', '--silent', 'build']));
  await build();
  project.onTestsRerun(build);
}
