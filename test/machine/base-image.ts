import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { fetchedFolder } from '../../scripts/package/runtime.ts';
import { inside } from '../packages/debian-folder.ts';
import { debianMirror } from '../packages/debian-mirror.ts';

const BOOTS = 'systemd,systemd-sysv,dbus,udev,iproute2,ca-certificates,netbase';

/** What each kind of Debian is made of: by debootstrap, which does not sort out every dependency, and apt-get. */
const KINDS = {
  trixie: { suite: 'trixie', include: `${BOOTS},nodejs`, install: [] },
  'trixie-cloud-init': { suite: 'trixie', include: `${BOOTS},nodejs`, install: ['cloud-init'] },
  'trixie-kernel': {
    suite: 'trixie',
    include: `${BOOTS},nodejs,linux-image-cloud-amd64,initramfs-tools,kexec-tools`,
    install: [],
  },
  // systemd 252 and Node.js 18, the oldest that the modules run on.
  bookworm: { suite: 'bookworm', include: `${BOOTS},nodejs`, install: [] },
  // Its systemd 247 is the oldest that Debian's mirrors have; its Node.js is too old for the modules.
  bullseye: { suite: 'bullseye', include: BOOTS, install: [] },
};

/** A Debian that boots, and what it brings beside that. */
export type BaseKind = keyof typeof KINDS;

/** A folder with such a Debian; made once, in one or two minutes, and kept. */
export async function baseImage(kind: BaseKind): Promise<string> {
  const folder = join(fetchedFolder, `machine-${kind}`);
  if (existsSync(folder)) return folder;
  const { suite, include, install } = KINDS[kind];
  const unfinished = `${folder}.unfinished`;
  await mkdir(fetchedFolder, { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  const words = ['--variant=minbase', `--include=${include}`, suite, unfinished];
  await execa('debootstrap', [...words, await debianMirror()], {
    stdin: 'ignore',
    timeout: 500_000,
  });
  if (install.length > 0) {
    await must(unfinished, 'apt-get', 'update');
    await must(unfinished, 'apt-get', 'install', '-y', '--no-install-recommends', ...install);
  }
  await must(unfinished, 'apt-get', 'clean');
  await rename(unfinished, folder);
  return folder;
}

/**
 * Runs a command inside a folder with a Debian.
 * @throws Error with what it said, when it fails
 */
export async function must(folder: string, ...command: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await inside(folder, command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} failed:\n${stdout}\n${stderr}`);
}
