import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { playbookPath, type StepRunner, withoutProxy } from './step-runner.ts';

/**
 * Installs the collection into a folder, and gives what runs the playbook with it from there. The
 * signal ends a running program.
 */
export async function throughAnsible(
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
      ...withoutProxy,
      ANSIBLE_COLLECTIONS_PATH: join(directory, 'collections'),
      // No configuration of the user's counts, and nothing is left behind in the home folder.
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
    return { changed: recap(all, 'changed'), failed: recap(all, 'failed'), output: all.trim() };
  };
}

/** A count of the recap line; output without one is a failure. */
function recap(output: string, what: 'changed' | 'failed'): number {
  const plain = stripVTControlCharacters(output);
  const count = new RegExp(`\\b${what}=(\\d+)`).exec(plain)?.[1];
  return count === undefined ? Number(what === 'failed') : Number(count);
}
