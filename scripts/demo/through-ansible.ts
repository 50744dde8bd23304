import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectFolder } from '../build/project-folder.ts';
import { type StepRunner, withoutProxy } from './step-runner.ts';

/** The demo's playbook. */
export const playbook = join(projectFolder, 'ansible-examples/demo/playbook.yml');

/** Installs the collection into a folder, and gives what runs the playbook with it from there. */
export async function throughAnsible(collection: string, folder: string): Promise<StepRunner> {
  const configuration = join(folder, 'ansible.cfg');
  await writeFile(configuration, '[defaults]\n');
  const options = {
    cwd: folder,
    reject: false,
    all: true,
    env: {
      ...withoutProxy,
      ANSIBLE_COLLECTIONS_PATH: join(folder, 'collections'),
      // No configuration of the user's counts, and nothing is left behind in the home folder.
      ANSIBLE_CONFIG: configuration,
      ANSIBLE_HOME: join(folder, 'ansible'),
      ANSIBLE_LOCAL_TEMP: join(folder, 'ansible/local'),
      ANSIBLE_REMOTE_TEMP: join(folder, 'ansible/remote'),
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

  return async (variables, flags) => {
    const words = ['-i', 'localhost,', '-e', JSON.stringify(variables), ...flags, playbook];
    const { all } = await execa('ansible-playbook', words, options);
    return { changed: recap(all, 'changed'), failed: recap(all, 'failed'), output: all.trim() };
  };
}

/** A count of the recap line; output without one is a failure. */
function recap(output: string, what: 'changed' | 'failed'): number {
  const count = new RegExp(`\\b${what}=(\\d+)`).exec(output)?.[1];
  return count === undefined ? Number(what === 'failed') : Number(count);
}
