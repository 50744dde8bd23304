import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { fetchedFolder } from '../../scripts/package/runtime.ts';
import { hasTool } from '../examples/has-tool.ts';
import { debianMirror } from './debian-mirror.ts';

/**
 * A folder with a Debian 12 of the least size for a processor, without Node.js or Python, made once
 * and kept; undefined, and said why, where none can be made. For another processor it is unpacked
 * only: its libraries are there, and nothing runs.
 */
export async function debianFolder(architecture: 'amd64' | 'arm64'): Promise<string | undefined> {
  const folder = join(fetchedFolder, `bookworm-${architecture}`);
  if (existsSync(folder)) return folder;
  const what = `what needs an empty Debian for ${architecture}`;
  if (!hasTool(what, '/usr/sbin/debootstrap', 'apt-get')) return undefined;
  if (process.getuid?.() !== 0) {
    console.log(`Left out, because only root can make such a folder: ${what}.`);
    return undefined;
  }
  await mkdir(fetchedFolder, { recursive: true });
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const foreign = architecture === 'amd64' ? [] : ['--foreign'];
  const words = ['--variant=minbase', `--arch=${architecture}`, ...foreign, 'bookworm', unfinished];
  const { failed, stdout } = await execa('debootstrap', [...words, await debianMirror()], {
    reject: false,
    stdin: 'ignore',
    timeout: 300_000,
  });
  if (failed) {
    console.log(`Left out, because debootstrap failed: ${what}.\n${stdout.slice(-500)}`);
    return undefined;
  }
  await execa('sh', ['-c', 'rm -f "$1"/var/cache/apt/archives/*.deb', 'sh', unfinished]);
  await rename(unfinished, folder);
  return folder;
}

/** A copy of such a folder, to install things into. */
export async function copyOf(folder: string): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'debian-'));
  await execa('cp', ['-a', `${folder}/.`, copy]);
  return copy;
}

/** Every path in such a folder, but for what dpkg and rpm note about themselves. */
export async function everyPath(folder: string): Promise<string[]> {
  const notes = ['var/lib/dpkg', 'var/lib/rpm', 'var/log', 'var/cache', 'root/.rpmdb'];
  const prune = notes.flatMap((path) => ['-path', `./${path}`, '-prune', '-o']);
  const { stdout } = await execa('find', ['.', ...prune, '-printf', '%p %m %u:%g\n'], {
    cwd: folder,
  });
  return stdout.split('\n').sort();
}

/** Runs a command inside such a folder, with nothing of this machine's environment. */
export async function inside(
  folder: string,
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ stdout: string; stderr: string; exitCode: number | undefined }> {
  const { stdout, stderr, exitCode } = await execa('chroot', [folder, ...command], {
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
