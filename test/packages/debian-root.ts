import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../../scripts/package/runtime.ts';
import { hasPrograms } from '../examples/has-programs.ts';
import { isRoot } from '../harness/is-root.ts';
import { findDebianMirror } from './debian-mirror.ts';

/** The code names of Debian 12 and 13. */
export type Suite = 'bookworm' | 'trixie';

/**
 * Returns a directory with the root file system of a minimal Debian, without Node.js or Python. The
 * first call makes the directory. If this fails, prints a reason and returns undefined. For another
 * processor, the packages are only unpacked, so no program in the directory runs.
 */
export async function makeDebianRoot(
  suite: Suite,
  architecture: 'amd64' | 'arm64',
): Promise<string | undefined> {
  const directory = join(cacheDirectory, `${suite}-${architecture}`);
  if (existsSync(directory)) return directory;
  const skippedTests = `the tests in a minimal Debian (${suite}, ${architecture})`;
  if (!hasPrograms(skippedTests, '/usr/sbin/debootstrap', 'apt-get')) return undefined;
  if (!isRoot) {
    console.log(`Skipped: ${skippedTests}. Only root can make its directory.`);
    return undefined;
  }
  const foreign = architecture === 'amd64' ? [] : ['--foreign'];
  const words = ['--variant=minbase', `--arch=${architecture}`, ...foreign, suite];
  return makeDirectoryOnce(directory, skippedTests, async (unfinished) => {
    await execa('debootstrap', [...words, unfinished, await findDebianMirror()], {
      stdin: 'ignore',
      timeout: 300_000,
    });
    await execa('sh', ['-c', 'rm -f "$1"/var/cache/apt/archives/*.deb', 'sh', unfinished]);
  });
}

/** Like `makeDebianRoot`, but with Python and python3-apt, which Ansible's modules need. */
export async function makeDebianRootWithPython(suite: Suite): Promise<string | undefined> {
  const bare = await makeDebianRoot(suite, 'amd64');
  if (bare === undefined) return undefined;
  return makeDirectoryOnce(
    `${bare}-python`,
    'the tests in a Debian with Python',
    async (unfinished) => {
      await execa('cp', ['-a', bare, unfinished]);
      const install = 'apt-get install -y --no-install-recommends python3 python3-apt';
      const line = `apt-get update && ${install} && apt-get clean`;
      const { exitCode, stderr } = await runInChroot(unfinished, ['sh', '-c', line]);
      if (exitCode !== 0) throw new Error(stderr);
    },
  );
}

/**
 * Makes a directory unless it exists. `make` fills a directory with a temporary name, which is
 * renamed when it is complete. Other test processes wait meanwhile. If `make` fails, prints the
 * error and returns undefined.
 */
async function makeDirectoryOnce(
  directory: string,
  skippedTests: string,
  make: (unfinished: string) => Promise<void>,
): Promise<string | undefined> {
  await mkdir(cacheDirectory, { recursive: true });
  const lock = execa('flock', [`${directory}.lock`, 'sh', '-c', 'echo locked; read -r line']);
  await once(lock.stdout, 'data');
  try {
    if (existsSync(directory)) return directory;
    const unfinished = `${directory}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await make(unfinished);
    await rename(unfinished, directory);
    return directory;
  } catch (error) {
    console.log(
      `Skipped: ${skippedTests}. ${directory} could not be made: ${String(error).slice(-500)}`,
    );
    return undefined;
  } finally {
    lock.stdin.end('done\n');
    await lock;
  }
}

/**
 * Copies a Debian root file system, for a test that installs packages. The caller removes the copy.
 */
export async function copyDebianRoot(directory: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'debian-'));
  await execa('cp', ['-a', `${directory}/.`, copy]);
  return copy;
}

/** Returns all paths with mode and owner, except the databases, logs and caches of dpkg and rpm. */
export async function listPaths(directory: string): Promise<string[]> {
  const excluded = ['var/lib/dpkg', 'var/lib/rpm', 'var/log', 'var/cache', 'root/.rpmdb'];
  const prune = excluded.flatMap((path) => ['-path', `./${path}`, '-prune', '-o']);
  const { stdout } = await execa('find', ['.', ...prune, '-printf', '%p %m %u:%g\n'], {
    cwd: directory,
  });
  return stdout.split('\n').sort();
}

/**
 * Runs a command with chroot in a Debian root file system, without the environment of this machine.
 */
export async function runInChroot(
  directory: string,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string; exitCode: number | undefined }> {
  const { stdout, stderr, exitCode } = await execa('chroot', [directory, ...command], {
    extendEnv: false,
    env: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      DEBIAN_FRONTEND: 'noninteractive',
      ...env,
    },
    stdin: 'ignore',
    reject: false,
  });
  return { stdout, stderr, exitCode };
}
