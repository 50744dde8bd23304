import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { noProxyEnvironment, playbookPath, type StepRunner } from './step-runner.ts';

/**
 * Installs the collection into a directory and returns a function that runs playbooks there.
 * Aborting `signal` ends a program that is running.
 */
export async function makeAnsibleRunner(
  collection: string,
  directory: string,
  signal: AbortSignal,
): Promise<StepRunner> {
  const configuration = join(directory, 'ansible.cfg');
  await writeFile(configuration, '[defaults]\n');
  const options = {
    cwd: directory,
    reject: false,
    all: true,
    cancelSignal: signal,
    env: {
      ...noProxyEnvironment,
      ANSIBLE_COLLECTIONS_PATH: join(directory, 'collections'),
      // Ignore the user's configuration, and write nothing to the home directory.
      ANSIBLE_CONFIG: configuration,
      ANSIBLE_HOME: join(directory, 'ansible'),
      ANSIBLE_LOCAL_TEMP: join(directory, 'ansible/local'),
      ANSIBLE_REMOTE_TEMP: join(directory, 'ansible/remote'),
      ANSIBLE_NOCOWS: '1',
      ...(process.stdout.isTTY && { ANSIBLE_FORCE_COLOR: '1' }),
    },
  } as const;

  const installation = await execa(
    'ansible-galaxy',
    ['collection', 'install', collection],
    options,
  );
  if (installation.exitCode !== 0) {
    throw new Error(`ansible-galaxy could not install ${collection}:\n${installation.all}`);
  }

  return async (playbook, variables, flags) => {
    const path = playbookPath(playbook);
    const words = ['-i', 'localhost,', '-e', JSON.stringify(variables), ...flags, path];
    const { all } = await execa('ansible-playbook', words, options);
    return {
      changed: recapCount(all, 'changed'),
      failed: recapCount(all, 'failed'),
      output: trimOutput(all),
    };
  };
}

/**
 * Shortens lines of Ansible's output that would wrap at 80 columns. Removes the stars after a
 * title, and the counts of the recap from `skipped` on.
 */
function trimOutput(output: string): string {
  return output
    .trim()
    .replace(/ \*{3,}$/gm, '')
    .replace(/ +:(.*?) +skipped=.*$/gm, ':$1')
    .replace(/\n{2,}/g, '\n');
}

/** Reads a count of the recap line. Output without a recap counts as one failure. */
function recapCount(output: string, name: 'changed' | 'failed'): number {
  const plain = stripVTControlCharacters(output);
  const count = new RegExp(`\\b${name}=(\\d+)`).exec(plain)?.[1];
  return count === undefined ? Number(name === 'failed') : Number(count);
}
