import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyOf, inside } from '../packages/debian-folder.ts';
import { Packed } from '../packages/packed.ts';
import { baseImage } from './base-image.ts';

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

/**
 * Makes a folder to copy machines from: Debian with our packages, both units enabled, an agent, and a
 * certificate authority that it trusts. The caller removes it.
 */
export async function machineImage(ca: string): Promise<string> {
  const folder = await copyOf(await baseImage());
  const write = async (path: string, text: string, mode = 0o644) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode });
  };
  await write('usr/local/sbin/agent', AGENT, 0o755);
  await write('etc/systemd/system/jcagent.service', AGENT_UNIT);
  await write('usr/local/share/ca-certificates/emulator.crt', ca);
  await write(
    'etc/systemd/system.conf.d/ca.conf',
    '[Manager]\nDefaultEnvironment=NODE_EXTRA_CA_CERTS=/usr/local/share/ca-certificates/emulator.crt\n',
  );
  await mkdir(join(folder, 'var/log/journal'), { recursive: true });
  await writeFile(join(folder, 'etc/machine-id'), '');
  // A link into /usr, which systemd-nspawn looks for before it has mounted that.
  await rm(join(folder, 'etc/os-release'));
  await copyFile(join(folder, 'usr/lib/os-release'), join(folder, 'etc/os-release'));
  const packed = await Packed.make();
  try {
    const deb = await packed.deb(await packed.modules());
    await copyFile(deb, join(folder, 'root/modules.deb'));
  } finally {
    await packed.remove();
  }
  await must(folder, 'dpkg', '--install', '/root/modules.deb');
  await must(folder, 'update-ca-certificates');
  const units = ['jcagent', 'jumpcloud-host', 'jumpcloud-removal'];
  await must(folder, 'systemctl', 'enable', ...units.map((unit) => `${unit}.service`));
  await rm(join(folder, 'root/modules.deb'));
  return folder;
}

async function must(folder: string, ...command: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await inside(folder, command);
  if (exitCode !== 0) throw new Error(`${command.join(' ')} failed:\n${stdout}\n${stderr}`);
}
