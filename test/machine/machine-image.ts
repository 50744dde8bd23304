import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { copyOf } from '../packages/debian-folder.ts';
import { Packed, runtimeDescription } from '../packages/packed.ts';
import { type BaseKind, baseImage, must } from './base-image.ts';

/** What the agent's service does here: waits so many seconds, then registers unless it has before. */
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
Description=Stands for the JumpCloud agent
After=network.target
[Service]
ExecStart=/usr/local/sbin/agent
[Install]
WantedBy=multi-user.target
`;

/** What an image is to be. */
export interface ImageOptions {
  readonly kind?: BaseKind;
  /** The units that every boot starts: by default the agent and both of ours. */
  readonly enabled?: readonly string[];
}

/**
 * Makes a folder to copy machines from: Debian with our packages, an agent, and a certificate
 * authority that it trusts. The caller removes it.
 */
export async function machineImage(
  ca: string,
  { kind = 'trixie', enabled = ['jcagent', 'jumpcloud-host', 'jumpcloud-removal'] }: ImageOptions,
): Promise<string> {
  const directory = await copyOf(await baseImage(kind));
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
  // A link into /usr, which systemd-nspawn looks for before it has mounted that.
  await rm(join(directory, 'etc/os-release'));
  await copyFile(join(directory, 'usr/lib/os-release'), join(directory, 'etc/os-release'));
  await installPackages(directory, kind === 'bullseye');
  await must(directory, 'update-ca-certificates');
  await must(directory, 'systemctl', 'enable', ...enabled.map((unit) => `${unit}.service`));
  return directory;
}

/** Installs the package with the modules, where need be with that of Node.js. */
async function installPackages(directory: string, withRuntime: boolean): Promise<void> {
  const packed = await Packed.make();
  try {
    const described = [await packed.modules()];
    if (withRuntime) {
      const runtime = await runtimeDescription('x64');
      if (runtime === undefined) throw new Error('There is no package of Node.js to install.');
      described.push(runtime);
    }
    const debs = await Promise.all(described.map((one) => packed.deb(one)));
    for (const deb of debs) await copyFile(deb, join(directory, basename(deb)));
    const names = debs.map((deb) => `/${basename(deb)}`);
    await must(directory, 'dpkg', '--install', ...names);
    await must(directory, 'rm', ...names);
  } finally {
    await packed.remove();
  }
}
