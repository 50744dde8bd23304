import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../../emulator/emulator.ts';
import type { EnrolOptions } from '../../emulator/enrol.ts';
import type { Answer } from '../answer.ts';
import { ansibleCommand, ansibleRoot, coreVersion, toAnsiblePath } from './installation.ts';

/** Whether Ansible is installed. Otherwise tests that need Ansible are skipped. */
export const hasAnsible = coreVersion !== undefined;

/** The counts of one host in a play's recap. */
export interface Recap {
  readonly ok: number;
  readonly changed: number;
  readonly unreachable: number;
  readonly failed: number;
  readonly rescued: number;
}

/** The result of a playbook: its output, and the recaps by host. */
export interface PlaybookRun {
  readonly output: string;
  readonly recaps: Readonly<Record<string, Recap>>;
  readonly exitCode: number | undefined;
}

/** The result of a play on one host, with the results that tasks registered. */
export interface PlayRun extends PlaybookRun {
  readonly recap: Recap;
  readonly registered: Record<string, Answer>;
}

export interface RunOptions {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface PlayOptions extends RunOptions {
  /** Keywords of the play, for example module_defaults. */
  readonly play?: object;
}

/**
 * An Ansible controller on which only the built collection is installed. Its methods return paths
 * as Ansible sees them.
 */
export interface Controller {
  readonly directory: string;
  /** Runs a play of tasks, on this machine by default. Registered results are returned by name. */
  play(tasks: readonly object[], options?: PlayOptions): Promise<PlayRun>;
  /** Runs a playbook that `put` or `copy` has written. */
  playbook(path: string, options?: RunOptions): Promise<PlaybookRun>;
  /**
   * Runs a program, such as ansible-doc, on the system where Ansible is installed. Returns the
   * output of the program, and rejects if it fails.
   */
  run(program: string, args: readonly string[]): Promise<string>;
  /**
   * Runs a shell command where Ansible is installed and returns its output. Rejects if the command
   * fails.
   */
  shell(line: string): Promise<string>;
  /** Writes a file to the controller, readable by its owner only, and returns its path. */
  put(name: string, content: string): Promise<string>;
  /** Copies a file of this machine to the controller and returns the path of the copy. */
  copy(path: string): Promise<string>;
  /** Lists the paths in a directory of the controller, or none if the directory does not exist. */
  list(name: string): Promise<string[]>;
  /** Enrols a host. Modules that Ansible runs without SSH can read its agent directory. */
  enrol(emulator: Emulator, options?: EnrolOptions): Promise<EnrolledHost>;
  remove(): Promise<void>;
}

const DIST = new URL('../../../dist/', import.meta.url).pathname;

/** Returns the path of the built collection. */
export async function collectionPath(): Promise<string> {
  const tarball = (await readdir(DIST)).find((name) => name.endsWith('.tar.gz'));
  if (tarball === undefined) throw new Error(`there is no collection in ${DIST}`);
  return join(DIST, tarball);
}

/**
 * Unpacks the collection into a new directory. `settings` are further variables of Ansible's
 * environment.
 */
export async function makeController(
  settings: Readonly<Record<string, string>> = {},
): Promise<Controller> {
  const outerDirectory = await mkdtemp(
    join(ansibleRoot === '' ? tmpdir() : `${ansibleRoot}/tmp`, 'ac-'),
  );
  const directory = toAnsiblePath(outerDirectory);
  const ownEnv = {
    // Ignore the user's configuration.
    ANSIBLE_CONFIG: join(directory, 'ansible.cfg'),
    ANSIBLE_HOME: directory,
    ANSIBLE_LOCAL_TEMP: join(directory, 'local'),
    ANSIBLE_REMOTE_TEMP: join(directory, 'remote'),
    ANSIBLE_COLLECTIONS_PATH: directory,
    ANSIBLE_LOCALHOST_WARNING: 'false',
    ANSIBLE_INVENTORY_UNPARSED_WARNING: 'false',
    ANSIBLE_NOCOLOR: 'true',
    LC_ALL: 'C.UTF-8',
    ...settings,
  };
  const put = async (name: string, content: string) => {
    await mkdir(dirname(join(outerDirectory, name)), { recursive: true });
    await writeFile(join(outerDirectory, name), content, { mode: 0o600 });
    return join(directory, name);
  };
  const copy = async (path: string) => {
    await copyFile(path, join(outerDirectory, basename(path)));
    return join(directory, basename(path));
  };
  const run = async (program: string, args: readonly string[]) => {
    const [file, allArgs] = ansibleCommand(program, args);
    const { stdout } = await execa(file, allArgs, { env: ownEnv, stdin: 'ignore' });
    return stdout;
  };
  const playbook = async (path: string, { flags = [], env = {} }: RunOptions = {}) => {
    const [file, args] = ansibleCommand('ansible-playbook', [path, ...flags]);
    const { stdout, stderr, exitCode } = await execa(file, args, {
      env: { ...ownEnv, ...env },
      stdin: 'ignore',
      reject: false,
    });
    return { output: `${stdout}\n${stderr}`, recaps: readRecaps(stdout), exitCode };
  };
  await put('ansible.cfg', '');
  const collection = join(outerDirectory, 'ansible_collections/systemcontext/jumpcloud');
  await mkdir(collection, { recursive: true });
  await execa('tar', ['xzf', await collectionPath(), '-C', collection]);

  return {
    directory,
    run,
    shell: (line) => run('sh', ['-c', line]),
    put,
    copy,
    playbook,
    async play(tasks, { play = {}, ...options } = {}) {
      const playDirectory = basename(await mkdtemp(join(outerDirectory, 'play-')));
      const names = tasks.flatMap((task) => ('register' in task ? [String(task.register)] : []));
      const saveTasks = names.map((name) => ({
        name: `Save ${name}`,
        'ansible.builtin.copy': {
          content: `{{ ${name} | to_json }}`,
          dest: join(directory, playDirectory, `${name}.json`),
          mode: '0600',
        },
        check_mode: false,
        diff: false,
        changed_when: false,
        become: false,
        delegate_to: 'localhost',
      }));
      const whole = { hosts: 'localhost', connection: 'local', gather_facts: false, ...play };
      const text = stringify([{ ...whole, tasks: [...tasks, ...saveTasks] }]);
      const result = await playbook(await put(`${playDirectory}/playbook.yml`, text), options);
      const registered: Record<string, Answer> = {};
      for (const name of names) {
        const file = join(outerDirectory, playDirectory, `${name}.json`);
        registered[name] = JSON.parse(await readFile(file, 'utf8').catch(() => 'null'));
      }
      return { ...result, recap: result.recaps[whole.hosts] ?? EMPTY_RECAP, registered };
    },
    async list(name) {
      const found = await readdir(join(outerDirectory, name)).catch(() => []);
      return found.map((entry) => join(directory, name, entry));
    },
    async enrol(emulator, options = {}) {
      const agentDir = options.agentDir ?? (await mkdtemp(join(outerDirectory, 'agent-')));
      const host = await emulator.enrol({ ...options, agentDir });
      return { ...host, agentDir: toAnsiblePath(host.agentDir) };
    },
    remove: () => rm(outerDirectory, { recursive: true }),
  };
}

const EMPTY_RECAP: Recap = { ok: 0, changed: 0, unreachable: 0, failed: 0, rescued: 0 };

function readRecaps(output: string): Record<string, Recap> {
  const lines = output.split(/^PLAY RECAP .*$/m)[1]?.matchAll(/^(\S+) +: (ok=.*)$/gm) ?? [];
  return Object.fromEntries(
    [...lines].map(([, host = '', counts = '']) => {
      const found = [...counts.matchAll(/(\w+)=(\d+)/g)].map(([, name, n]) => [name, Number(n)]);
      return [host, { ...EMPTY_RECAP, ...Object.fromEntries(found) }];
    }),
  );
}
