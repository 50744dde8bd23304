import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../../emulator/emulator.ts';
import type { EnrolOptions } from '../../emulator/enrol.ts';
import type { Answer } from '../answer.ts';
import { ansibleCommand, ansibleRoot, coreVersion, seenByAnsible } from './installation.ts';

/** Whether there is an Ansible; the tests that need it are left out otherwise. */
export const hasAnsible = coreVersion !== undefined;

/** The counts of a play's recap for one host. */
export interface Recap {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
  readonly rescued: number;
}

/** What came of a playbook: its output, and its recap by host. */
export interface PlaybookRun {
  readonly output: string;
  readonly recaps: Readonly<Record<string, Recap>>;
  readonly exitCode: number | undefined;
}

/** What came of a play against this machine, with the results that tasks registered. */
export interface PlayRun extends PlaybookRun {
  readonly recap: Recap;
  readonly registered: Record<string, Answer>;
}

export interface RunOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface PlayOptions extends RunOptions {
  /** Keywords of the play, such as module_defaults. */
  readonly play?: object;
}

/**
 * An Ansible controller with the built collection installed, and nothing else. Paths that it gives
 * are those that Ansible sees.
 */
export interface Controller {
  readonly directory: string;
  /** Runs a play of tasks against this machine. What tasks register comes back by name. */
  play(tasks: readonly object[], options?: PlayOptions): Promise<PlayRun>;
  /** Runs a playbook that `put` or `copy` has given. */
  playbook(path: string, options?: RunOptions): Promise<PlaybookRun>;
  /** Runs one of Ansible's other programs. */
  run(program: string, words: readonly string[]): Promise<string>;
  /** Runs a line of shell where Ansible is installed; rejects unless it succeeds. */
  shell(line: string): Promise<string>;
  /** Writes a file for Ansible to read, readable by its owner only. */
  put(name: string, content: string): Promise<string>;
  /** Copies a file of this machine. */
  copy(path: string): Promise<string>;
  /** The paths of what is in a folder below the controller's; none when it does not exist. */
  list(name: string): Promise<string[]>;
  /** Enrols a host whose agent's folder is where modules run without SSH. */
  enrol(emulator: Emulator, options?: EnrolOptions): Promise<EnrolledHost>;
  remove(): Promise<void>;
}

const DIST = new URL('../../../dist/', import.meta.url).pathname;

/** Where the build puts the collection. */
export async function collectionPath(): Promise<string> {
  const tarball = (await readdir(DIST)).find((name) => name.endsWith('.tar.gz'));
  if (tarball === undefined) throw new Error(`there is no collection in ${DIST}`);
  return join(DIST, tarball);
}

/** Installs the collection into a folder of its own, as a user would. */
export async function makeController(): Promise<Controller> {
  const outside = await mkdtemp(join(ansibleRoot === '' ? tmpdir() : `${ansibleRoot}/tmp`, 'ac-'));
  const directory = seenByAnsible(outside);
  const ownEnv = {
    // No configuration of the user's.
    ANSIBLE_CONFIG: join(directory, 'ansible.cfg'),
    ANSIBLE_HOME: directory,
    ANSIBLE_LOCAL_TEMP: join(directory, 'local'),
    ANSIBLE_REMOTE_TEMP: join(directory, 'remote'),
    ANSIBLE_COLLECTIONS_PATH: directory,
    ANSIBLE_LOCALHOST_WARNING: 'false',
    ANSIBLE_INVENTORY_UNPARSED_WARNING: 'false',
    ANSIBLE_NOCOLOR: 'true',
    LC_ALL: 'C.UTF-8',
  };
  const put = async (name: string, content: string) => {
    await mkdir(dirname(join(outside, name)), { recursive: true });
    await writeFile(join(outside, name), content, { mode: 0o600 });
    return join(directory, name);
  };
  const copy = async (path: string) => {
    await copyFile(path, join(outside, basename(path)));
    return join(directory, basename(path));
  };
  const run = async (program: string, words: readonly string[]) => {
    const [file, all] = ansibleCommand(program, words);
    const { stdout } = await execa(file, all, { env: ownEnv, stdin: 'ignore' });
    return stdout;
  };
  const playbook = async (path: string, { flags = [], env = {} }: RunOptions = {}) => {
    const [file, words] = ansibleCommand('ansible-playbook', [path, ...flags]);
    const { stdout, stderr, exitCode } = await execa(file, words, {
      env: { ...ownEnv, ...env },
      stdin: 'ignore',
      reject: false,
    });
    return { output: `${stdout}\n${stderr}`, recaps: readRecaps(stdout), exitCode };
  };
  await put('ansible.cfg', '');
  const collection = await copy(await collectionPath());
  await run('ansible-galaxy', ['collection', 'install', collection, '-p', directory]);

  return {
    directory,
    run,
    shell: (line) => run('sh', ['-c', line]),
    put,
    copy,
    playbook,
    async play(tasks, { play = {}, ...options } = {}) {
      const place = basename(await mkdtemp(join(outside, 'play-')));
      const names = tasks.flatMap((task) => ('register' in task ? [String(task.register)] : []));
      const keep = names.map((name) => ({
        name: `Keep ${name}`,
        'ansible.builtin.copy': {
          content: `{{ ${name} | to_json }}`,
          dest: join(directory, place, `${name}.json`),
          mode: '0600',
        },
        check_mode: false,
        diff: false,
        changed_when: false,
        become: false,
      }));
      const whole = { hosts: 'localhost', connection: 'local', gather_facts: false, ...play };
      const text = stringify([{ ...whole, tasks: [...tasks, ...keep] }]);
      const ran = await playbook(await put(`${place}/playbook.yml`, text), options);
      const registered: Record<string, Answer> = {};
      for (const name of names) {
        const file = join(outside, place, `${name}.json`);
        registered[name] = JSON.parse(await readFile(file, 'utf8').catch(() => 'null'));
      }
      return { ...ran, recap: ran.recaps['localhost'] ?? NOTHING, registered };
    },
    async list(name) {
      const found = await readdir(join(outside, name)).catch(() => []);
      return found.map((entry) => join(directory, name, entry));
    },
    async enrol(emulator, options = {}) {
      const agentDir = options.agentDir ?? (await mkdtemp(join(outside, 'agent-')));
      const host = await emulator.enrol({ ...options, agentDir });
      return { ...host, agentDir: seenByAnsible(host.agentDir) };
    },
    remove: () => rm(outside, { recursive: true }),
  };
}

const NOTHING: Recap = { ok: 0, changed: 0, unreachable: 0, failed: 0, rescued: 0 };

function readRecaps(output: string): Record<string, Recap> {
  const lines = output.split(/^PLAY RECAP .*$/m)[1]?.matchAll(/^(\S+) +: (ok=.*)$/gm) ?? [];
  return Object.fromEntries(
    [...lines].map(([, host = '', counts = '']) => {
      const given = [...counts.matchAll(/(\w+)=(\d+)/g)].map(([, name, n]) => [name, Number(n)]);
      return [host, { ...NOTHING, ...Object.fromEntries(given) }];
    }),
  );
}
