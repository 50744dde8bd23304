import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { fetchedFolder } from '../../scripts/package/runtime.ts';
import { debianMirror } from '../packages/debian-mirror.ts';

const PACKAGES = 'systemd,systemd-sysv,dbus,udev,iproute2,nodejs,ca-certificates,netbase';

/** A folder with a Debian 13 that boots, and its Node.js; made once, in one or two minutes, and kept. */
export async function baseImage(): Promise<string> {
  const folder = join(fetchedFolder, 'machine-trixie');
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  await mkdir(fetchedFolder, { recursive: true });
  await rm(unfinished, { recursive: true, force: true });
  const words = ['--variant=minbase', `--include=${PACKAGES}`, 'trixie', unfinished];
  await execa('debootstrap', [...words, await debianMirror()], {
    stdin: 'ignore',
    timeout: 500_000,
  });
  await execa('sh', ['-c', 'rm -f "$1"/var/cache/apt/archives/*.deb', 'sh', unfinished]);
  await rename(unfinished, folder);
  return folder;
}
