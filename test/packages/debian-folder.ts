import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { fetchedFolder } from '../../scripts/package/runtime.ts';
import { hasTool } from '../examples/has-tool.ts';
import { debianMirror } from './debian-mirror.ts';

/** Debian 12, Debian 13. */
export type Suite = 'bookworm' | 'trixie';

/**
 * A folder with a Debian of the least size for a processor, without Node.js or Python, made once
 * and kept; undefined, and said why, where none can be made. For another processor it is unpacked
 * only: its libraries are there, and nothing runs.
 */
export async function debianDirectory(
  suite: Suite,
  architecture: 'amd64' | 'arm64',
): Promise<string | undefined> {
  const directory = join(fetchedFolder, `${suite}-${architecture}`);
  if (existsSync(directory)) return directory;
  const what = `what needs an empty Debian (${suite}, ${architecture})`;
  if (!hasTool(what, '/usr/sbin/debootstrap', 'apt-get')) return undefined;
  if (process.getuid?.() !== 0) {
    console.log(`Left out, because only root can make such a folder: ${what}.`);
    return undefined;
  }
  const foreign = architecture === 'amd64' ? [] : ['--foreign'];
  const words = ['--variant=minbase', `--arch=${architecture}`, ...foreign, suite];
  return made(directory, what, async (unfinished) => {
    await execa('debootstrap', [...words, unfinished, await debianMirror()], {
      stdin: 'ignore',
      timeout: 300_000,
    });
    await execa('sh', ['-c', 'rm -f "$1"/var/cache/apt/archives/*.deb', 'sh', unfinished]);
  });
}

/** The same with Python, which Ansible's own modules need, and what its module for apt needs. */
export async function debianWithPython(suite: Suite): Promise<string | undefined> {
  const bare = await debianDirectory(suite, 'amd64');
  if (bare === undefined) return undefined;
  return made(`${bare}-python`, 'what needs a Debian with Python', async (unfinished) => {
    await execa('cp', ['-a', bare, unfinished]);
    const install = 'apt-get install -y --no-install-recommends python3 python3-apt';
    const line = `apt-get update && ${install} && apt-get clean`;
    const { exitCode, stderr } = await inside(unfinished, ['sh', '-c', line]);
    if (exitCode !== 0) throw new Error(stderr);
  });
}

/**
 * A folder of that name, made beside its place and then renamed, so that it is a whole one, and by one
 * of the test processes that want it, while the others wait; undefined, and said why, when that failed.
 */
async function made(
  directory: string,
  what: string,
  make: (unfinished: string) => Promise<void>,
): Promise<string | undefined> {
  await mkdir(fetchedFolder, { recursive: true });
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
      `Left out, because no ${directory} could be made: ${what}. ${String(error).slice(-500)}`,
    );
    return undefined;
  } finally {
    lock.stdin.end('done\n');
    await lock;
  }
}

/** A copy of such a folder, to install things into. */
export async function copyOf(directory: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'debian-'));
  await execa('cp', ['-a', `${directory}/.`, copy]);
  return copy;
}

/** Every path in such a folder, but for what dpkg and rpm note about themselves. */
export async function everyPath(directory: string): Promise<string[]> {
  const notes = ['var/lib/dpkg', 'var/lib/rpm', 'var/log', 'var/cache', 'root/.rpmdb'];
  const prune = notes.flatMap((path) => ['-path', `./${path}`, '-prune', '-o']);
  const { stdout } = await execa('find', ['.', ...prune, '-printf', '%p %m %u:%g\n'], {
    cwd: directory,
  });
  return stdout.split('\n').sort();
}

/** Runs a command inside such a folder, with nothing of this machine's environment. */
export async function inside(
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
