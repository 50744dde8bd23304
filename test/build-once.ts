import { execa } from 'execa';

/** The tests run the built executables, so they are built before the first one. */
export async function setup(): Promise<void> {
  await execa('npm', ['run', '--silent', 'build']);
}
