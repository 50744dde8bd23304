import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, expect } from 'vitest';
import { END_LINE, executableHeader } from '../../scripts/build/executable-header.ts';

type Shell = readonly [string, ...string[]];

const KNOWN_SHELLS: readonly Shell[] = [
  ['sh'],
  ['dash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
  ['ksh'],
];

/** The shells that /bin/sh may be, as far as they are installed. */
export const SHELLS = KNOWN_SHELLS.filter(([shell]) => isInstalled(shell)).map((shell) => ({
  shell,
}));

function isInstalled(command: string): boolean {
  return (
    execaSync('sh', ['-c', 'command -v "$1"', 'sh', command], { reject: false }).exitCode === 0
  );
}

export interface Environment {
  readonly PATH?: string;
  readonly HOME?: string;
  readonly JUMPCLOUD_NODE?: string;
  readonly LC_ALL?: string;
  readonly JUMPCLOUD_NODE_TRIED?: string;
}

/** Makes the header find nothing of this machine's, until the file's tests are over. */
export async function headerStage() {
  const directory = await mkdtemp(join(tmpdir(), 'header-test-'));
  afterAll(() => rm(directory, { recursive: true }));
  /** Stands for the directories that are searched after PATH. */
  const usualPlace = join(directory, 'usual');
  /** Stands for the runtime package's Node.js, which is looked for first. */
  const packaged = join(directory, 'packaged/node');
  /** Stands for the system's directories, which root searches before PATH. */
  const system = join(directory, 'system');
  const header = (await executableHeader())
    .replace(
      "for dir in /usr/local/bin /opt/nodejs/bin /opt/node*''/bin /snap/bin /opt/homebrew/bin; do",
      `for dir in ${usualPlace}; do`,
    )
    .replace(
      'package_dir=/usr/lib/jumpcloud-system-context\n',
      `package_dir=${dirname(packaged)}\n`,
    )
    .replace('system_dirs=/usr/bin:/bin:/usr/sbin:/sbin\n', `system_dirs=${system}\n`);
  for (const place of [usualPlace, dirname(packaged), system]) expect(header).toContain(place);

  /** Writes an executable of the header and a program, and returns its path. */
  const behindHeader = async (name: string, program: string) => {
    const file = join(directory, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${header}${program}\n${END_LINE}`);
    return file;
  };
  /** Prints how it was called. */
  const executable = await behindHeader(
    'module',
    'console.log(JSON.stringify({ words: process.argv.slice(2) }));',
  );
  await chmod(executable, 0o755);

  /** Runs a shell by its full path, with nothing in the environment but what is given. */
  const run = async (
    [shell, ...words]: Shell,
    environment: Environment,
    args: readonly string[] = [],
    file = executable,
    { stderr: expected = /^$/, uid }: { stderr?: RegExp; uid?: number } = {},
  ) => {
    const path = execaSync('sh', ['-c', 'command -v "$1"', 'sh', shell]).stdout;
    const { stdout, exitCode, stderr } = await execa(path, [...words, file, ...args], {
      env: { HOME: '/nonexistent', ...environment },
      extendEnv: false,
      reject: false,
      cwd: directory,
      ...(uid !== undefined && { uid, gid: uid }),
    });
    expect(stderr).toMatch(expected);
    expect(stdout.split('\n')).toHaveLength(1);
    return { result: JSON.parse(stdout), exitCode };
  };
  return { directory, executable, usualPlace, packaged, system, behindHeader, run };
}

/** A directory with a `node` in it that runs this one, pretending to be the given version. */
export async function nodeOf(version: string, place: string, name = 'node'): Promise<string> {
  await mkdir(place, { recursive: true });
  const pretence = join(place, 'pretend.cjs');
  await writeFile(
    pretence,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  const node = join(place, name);
  await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' -r '${pretence}' "$@"\n`);
  await chmod(node, 0o755);
  return node;
}

/** Puts a file of this name there that is executable, and not Node.js. */
export async function uselessIn(
  place: string,
  content: string | Buffer,
  name = 'node',
): Promise<string> {
  await mkdir(place, { recursive: true });
  const file = join(place, name);
  await writeFile(file, content);
  await chmod(file, 0o755);
  return file;
}

/** What the header answers when it fails. */
export function failure(message: RegExp | string) {
  return {
    exitCode: 1,
    result: {
      changed: false,
      failed: true,
      msg:
        message instanceof RegExp
          ? expect.stringMatching(message)
          : expect.stringContaining(message),
      warnings: [],
      error: { code: 'local_action_failed' },
    },
  };
}
