import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, expect } from 'vitest';
import { executableHeader, LAST_LINE } from '../../scripts/build/executable-header.ts';

type Shell = readonly [string, ...string[]];

const KNOWN_SHELLS: readonly Shell[] = [
  ['sh'],
  ['dash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
  ['ksh'],
];

/** The installed shells that /bin/sh may be a link to. */
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

/**
 * Makes executables whose header (the shell script that looks for Node.js) searches temporary
 * directories instead of those of this machine, and runs them. The directories are removed after
 * the tests of the file.
 */
export async function makeHeaderFixture() {
  const directory = await mkdtemp(join(tmpdir(), 'header-test-'));
  afterAll(() => rm(directory, { recursive: true }));
  /** Replaces the directories that are searched after PATH. */
  const fallbackDir = join(directory, 'usual');
  /** Replaces the Node.js of the runtime package, which is checked first. */
  const packagedNode = join(directory, 'packaged/node');
  /** Stands in for the system directories, such as /usr/bin, which root searches before PATH. */
  const systemDir = join(directory, 'system');
  const header = (await executableHeader())
    .replace(
      "for dir in /usr/local/bin /opt/nodejs/bin /opt/node*''/bin /snap/bin /opt/homebrew/bin; do",
      `for dir in ${fallbackDir}; do`,
    )
    .replace(
      'package_dir=/usr/lib/jumpcloud-system-context\n',
      `package_dir=${dirname(packagedNode)}\n`,
    )
    .replace('system_dirs=/usr/bin:/bin:/usr/sbin:/sbin\n', `system_dirs=${systemDir}\n`);
  for (const path of [fallbackDir, dirname(packagedNode), systemDir])
    expect(header).toContain(path);

  /** Writes an executable with the header and a JavaScript program, and returns its path. */
  const writeModule = async (name: string, program: string) => {
    const file = join(directory, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${header}${program}\n${LAST_LINE}`);
    return file;
  };
  /** An executable that prints its arguments. */
  const executable = await writeModule(
    'module',
    'console.log(JSON.stringify({ words: process.argv.slice(2) }));',
  );
  await chmod(executable, 0o755);

  /** Runs an executable with a shell in the given environment and returns its JSON output. */
  const run = async (
    [shell, ...words]: Shell,
    environment: Environment,
    args: readonly string[] = [],
    file = executable,
    { stderr: expectedStderr = /^$/, uid }: { stderr?: RegExp; uid?: number } = {},
  ) => {
    const path = execaSync('sh', ['-c', 'command -v "$1"', 'sh', shell]).stdout;
    const { stdout, exitCode, stderr } = await execa(path, [...words, file, ...args], {
      env: { HOME: '/nonexistent', ...environment },
      extendEnv: false,
      reject: false,
      cwd: directory,
      ...(uid !== undefined && { uid, gid: uid }),
    });
    expect(stderr).toMatch(expectedStderr);
    expect(stdout.split('\n')).toHaveLength(1);
    return { result: JSON.parse(stdout), exitCode };
  };
  return { directory, executable, fallbackDir, packagedNode, systemDir, writeModule, run };
}

/** Writes a `node` that runs this Node.js but reports the given version. Returns its path. */
export async function makeNode(version: string, dir: string, name = 'node'): Promise<string> {
  await mkdir(dir, { recursive: true });
  const preload = join(dir, 'set-version.cjs');
  await writeFile(
    preload,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`,
  );
  const node = join(dir, name);
  await writeFile(node, `#!/bin/sh\nexec '${process.execPath}' -r '${preload}' "$@"\n`);
  await chmod(node, 0o755);
  return node;
}

/** Writes an executable file that is not Node.js and returns its path. */
export async function makeExecutable(
  dir: string,
  content: string | Buffer,
  name = 'node',
): Promise<string> {
  await mkdir(dir, { recursive: true });
  const file = join(dir, name);
  await writeFile(file, content);
  await chmod(file, 0o755);
  return file;
}

/** Returns the result that the header prints when it fails with a message. */
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
