import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { Answer } from '../executable.ts';

/** Whether this machine has Ansible; the tests that need it are left out otherwise. */
export const hasAnsible = spawnSync('ansible-playbook', ['--version']).status === 0;

/** The counts of a play's recap for the one host it ran on. */
export interface Recap {
  readonly ok: number;
  readonly changed: number;
  readonly failed: number;
}

/** What came of a playbook: its output, its recap, and the results that tasks registered. */
export interface PlaybookRun {
  readonly output: string;
  readonly recap: Recap;
  readonly exitCode: number | undefined;
  readonly registered: Record<string, Answer>;
}

/** An Ansible controller with the built collection installed, and nothing else. */
export interface Controller {
  readonly folder: string;
  /** Runs a play of tasks against this machine. What tasks register comes back by name. */
  play(tasks: readonly object[], options?: PlayOptions): Promise<PlaybookRun>;
  /** Runs one of Ansible's other programs. */
  run(program: string, words: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

export interface PlayOptions {
  /** Keywords of the play, such as module_defaults. */
  readonly play?: object;
  readonly flags?: readonly string[];
}

const DIST = new URL('../../dist/', import.meta.url).pathname;

/** Installs the collection into a folder of its own, as a user would. */
export async function makeController(): Promise<Controller> {
  const folder = await mkdtemp(join(tmpdir(), 'ansible-'));
  const env = {
    // No configuration of the user's.
    ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
    ANSIBLE_HOME: folder,
    ANSIBLE_LOCAL_TEMP: join(folder, 'local'),
    ANSIBLE_REMOTE_TEMP: join(folder, 'remote'),
    ANSIBLE_COLLECTIONS_PATH: folder,
    ANSIBLE_LOCALHOST_WARNING: 'false',
    ANSIBLE_INVENTORY_UNPARSED_WARNING: 'false',
    ANSIBLE_NOCOLOR: 'true',
    LC_ALL: 'C.UTF-8',
  };
  await writeFile(env.ANSIBLE_CONFIG, '');
  const run = async (program: string, words: readonly string[]) => {
    const { stdout } = await execa(program, words, { env, stdin: 'ignore' });
    return stdout;
  };
  const tarball = (await readdir(DIST)).find((name) => name.endsWith('.tar.gz'));
  await run('ansible-galaxy', ['collection', 'install', join(DIST, tarball ?? ''), '-p', folder]);

  return {
    folder,
    run,
    remove: () => rm(folder, { recursive: true }),
    async play(tasks, { play = {}, flags = [] } = {}) {
      const place = await mkdtemp(join(folder, 'play-'));
      const names = tasks.flatMap((task) => ('register' in task ? [String(task.register)] : []));
      const keep = names.map((name) => ({
        name: `Keep ${name}`,
        'ansible.builtin.copy': {
          content: `{{ ${name} | to_json }}`,
          dest: join(place, `${name}.json`),
          mode: '0600',
        },
        check_mode: false,
        diff: false,
        changed_when: false,
      }));
      const file = join(place, 'playbook.yml');
      const whole = { hosts: 'localhost', connection: 'local', gather_facts: false, ...play };
      await writeFile(file, stringify([{ ...whole, tasks: [...tasks, ...keep] }]));
      const { stdout, stderr, exitCode } = await execa('ansible-playbook', [file, ...flags], {
        env,
        stdin: 'ignore',
        reject: false,
      });
      const registered: Record<string, Answer> = {};
      for (const name of names) {
        const text = await readFile(join(place, `${name}.json`), 'utf8').catch(() => 'null');
        registered[name] = JSON.parse(text);
      }
      return { output: `${stdout}\n${stderr}`, recap: readRecap(stdout), exitCode, registered };
    },
  };
}

function readRecap(output: string): Recap {
  const count = (name: string) =>
    Number(new RegExp(`^localhost.*\\b${name}=(\\d+)`, 'm').exec(output)?.[1] ?? Number.NaN);
  return { ok: count('ok'), changed: count('changed'), failed: count('failed') };
}
