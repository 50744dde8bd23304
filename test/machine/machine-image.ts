import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { copyDebianRoot } from '../packages/debian-root.ts';
import { BuiltPackages, describeRuntimePackage } from '../packages/packed.ts';
import { type BaseKind, makeBaseImage, runOrThrow } from './base-image.ts';

/**
 * Emulates the agent: waits for the seconds in /etc/agent-delay, then registers. Does nothing
 * if it is already registered.
 */
const AGENT = `#!/bin/sh
set -eu
if [ ! -e /opt/jc/jcagent.conf ]; then
  sleep "$(cat /etc/agent-delay)"
  mkdir -p -m 700 /opt/jc
  cp /var/lib/connect/[!j]* /opt/jc/
  cp /var/lib/connect/jcagent.conf /opt/jc/
fi
exec sleep infinity
`;

const AGENT_UNIT = `[Unit]
Description=Emulates the JumpCloud agent
After=network.target
[Service]
ExecStart=/usr/local/sbin/agent
[Install]
WantedBy=multi-user.target
`;

/** Options of an image. */
export interface ImageOptions {
  readonly kind?: BaseKind;
  /** The units that are enabled. The default is the agent and both units of the package. */
  readonly enabled?: readonly string[];
}

/**
 * Makes a directory to copy machines from: Debian with the packages of this project, an emulated
 * agent, and a trusted certificate authority. The caller removes the directory.
 */
export async function makeMachineImage(
  ca: string,
  { kind = 'trixie', enabled = ['jcagent', 'jumpcloud-host', 'jumpcloud-removal'] }: ImageOptions,
): Promise<string> {
  const directory = await copyDebianRoot(await makeBaseImage(kind));
  const write = async (path: string, text: string, mode = 0o644) => {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text, { mode });
  };
  await write('usr/local/sbin/agent', AGENT, 0o755);
  await write('etc/systemd/system/jcagent.service', AGENT_UNIT);
  await write('usr/local/share/ca-certificates/emulator.crt', ca);
  await write(
    'etc/systemd/system.conf.d/ca.conf',
    '[Manager]\nDefaultEnvironment=NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/emulator.crt\n',
  );
  await mkdir(join(directory, 'var/log/journal'), { recursive: true });
  await writeFile(join(directory, 'etc/machine-id'), '');
  // Replaces the link into /usr, because systemd-nspawn reads this file before it mounts /usr.
  await rm(join(directory, 'etc/os-release'));
  await copyFile(join(directory, 'usr/lib/os-release'), join(directory, 'etc/os-release'));
  await installPackages(directory, kind === 'bullseye');
  await runOrThrow(directory, 'update-ca-certificates');
  await runOrThrow(directory, 'systemctl', 'enable', ...enabled.map((unit) => `${unit}.service`));
  return directory;
}

/** Installs the package with the modules and, if `withRuntime`, the package with Node.js. */
async function installPackages(directory: string, withRuntime: boolean): Promise<void> {
  const packed = await BuiltPackages.make();
  try {
    const descriptions = [await packed.modules()];
    if (withRuntime) {
      const runtime = await describeRuntimePackage('x64');
      if (runtime === undefined)
        throw new Error('The package with Node.js could not be made, but this image needs it.');
      descriptions.push(runtime);
    }
    const debs = await Promise.all(descriptions.map((description) => packed.deb(description)));
    for (const deb of debs) await copyFile(deb, join(directory, basename(deb)));
    const names = debs.map((deb) => `/${basename(deb)}`);
    await runOrThrow(directory, 'dpkg', '--install', ...names);
    await runOrThrow(directory, 'rm', ...names);
  } finally {
    await packed.remove();
  }
}
