import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { cacheDirectory } from '../../scripts/package/runtime.ts';
import { findDebianMirror } from '../packages/debian-mirror.ts';
import { runInChroot } from '../packages/debian-root.ts';

const BOOT_PACKAGES = 'systemd,systemd-sysv,dbus,udev,iproute2,ca-certificates,netbase';

/**
 * The packages of each kind of Debian: `include` for debootstrap, and `install` for apt-get,
 * because debootstrap does not resolve every dependency.
 */
const KINDS = {
  trixie: { suite: 'trixie', include: `${BOOT_PACKAGES},nodejs`, install: [] },
  'trixie-cloud-init': {
    suite: 'trixie',
    include: `${BOOT_PACKAGES},nodejs`,
    install: ['cloud-init'],
  },
  'trixie-rsyslog': {
    suite: 'trixie',
    include: `${BOOT_PACKAGES},nodejs,rsyslog`,
    install: [],
  },
  'trixie-kernel': {
    suite: 'trixie',
    include: `${BOOT_PACKAGES},nodejs,linux-image-cloud-amd64,initramfs-tools,kexec-tools`,
    install: [],
  },
  // Has systemd 252 and Node.js 18, the oldest Node.js that the modules support.
  bookworm: { suite: 'bookworm', include: `${BOOT_PACKAGES},nodejs`, install: [] },
  // Has systemd 247, the oldest systemd on Debian's mirrors. Its Node.js is too old for the
  // modules.
  bullseye: { suite: 'bullseye', include: BOOT_PACKAGES, install: [] },
};

/** A bootable Debian, named by its release and its additional packages. */
export type BaseKind = keyof typeof KINDS;

/**
 * Returns the root directory of a bootable Debian system. The first call makes the system, which
 * takes one or two minutes. Later calls use it again.
 */
export async function makeBaseImage(kind: BaseKind): Promise<string> {
  const directory = join(cacheDirectory, `machine-${kind}`);
  if (existsSync(directory)) return directory;
  const { suite, include, install } = KINDS[kind];
  const unfinished = `${directory}.unfinished`;
  await mkdir(cacheDirectory, { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  const words = ['--variant=minbase', `--include=${include}`, suite, unfinished];
  await execa('debootstrap', [...words, await findDebianMirror()], {
    stdin: 'ignore',
    timeout: 500_000,
  });
  if (install.length > 0) {
    await runOrThrow(unfinished, 'apt-get', 'update');
    await runOrThrow(unfinished, 'apt-get', 'install', '-y', '--no-install-recommends', ...install);
  }
  await runOrThrow(unfinished, 'apt-get', 'clean');
  await rename(unfinished, directory);
  return directory;
}

/**
 * Runs a command in the Debian system whose root directory is given.
 * @throws Error with the output of the command, when it fails
 */
export async function runOrThrow(directory: string, ...command: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await runInChroot(directory, command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} failed:\n${stdout}\n${stderr}`);
}
