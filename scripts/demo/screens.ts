/** Draws pictures of module output on a terminal, from real runs against the emulator. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startEmulator } from '../../test/emulator/emulator.ts';
import { issueServerCertificate, makeCa } from '../../test/emulator/keys.ts';
import { addSampleObjects } from '../../test/emulator/sample-objects.ts';
import { projectDirectory } from '../build/project-directory.ts';
import { terminalPicture } from './terminal-picture.ts';

const COLUMNS = 80;
/**
 * The maximum number of columns by which a line grows when JumpCloud's URL replaces the emulator's
 * URL.
 */
const SPARE_COLUMNS = 6;

const directory = await mkdtemp(join(tmpdir(), 'screens-'));
const ca = await makeCa();
const emulator = await startEmulator({ seed: 18, tls: await issueServerCertificate(ca) });
// Uses a host name instead of the IP address, as in JumpCloud's URL.
const url = emulator.url.replace('127.0.0.1', 'localhost');
const host = await emulator.enrol({ record: { displayName: 'ip-10-0-0-7' } });
try {
  const names: Record<string, Record<string, string>> = {};
  for (const { type, name, id } of addSampleObjects(emulator.store, host.systemId)) {
    names[type] = { ...names[type], [name]: id };
  }
  const caPath = join(directory, 'ca.pem');
  await writeFile(caPath, ca.cert);
  const connection = { agent_dir: host.agentDir, api_url: url, ca_path: caPath };

  await draw('check', 'jumpcloud_host --check --diff', {
    ...connection,
    names,
    system: { display_name: 'web-1', attributes: { role: 'web' } },
    groups: ['production', 'web'],
    users: ['ada', { name: 'grace', sudo: true }],
  });
  emulator.faults.add({
    fault: { kind: 'status', status: 403, text: '{"message":"not allowed"}' },
    when: ({ method }) => method === 'POST',
  });
  await draw('failure', 'jumpcloud_group_membership', {
    ...connection,
    names,
    groups: ['monitored'],
  });
  emulator.store.removeSystem(host.systemId);
  await draw('doctor', 'jumpcloud_doctor', connection, "sudo jumpcloud_doctor '{}'");
} finally {
  await emulator.close();
  await host.remove();
  await rm(directory, { recursive: true });
}

/** Runs a module on a terminal and draws its output as `docs/public/screens/<name>.svg`. */
async function draw(
  name: string,
  call: string,
  options: object,
  shownCall = `${call} host.json`,
): Promise<void> {
  const file = join(directory, 'host.json');
  await writeFile(file, JSON.stringify(options));
  const command = `stty cols ${COLUMNS - SPARE_COLUMNS}; ${join(projectDirectory, 'dist/modules', call)} ${file}`;
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
    stdin: 'pipe',
    reject: false,
    env: { SHELL: '/bin/sh', TERM: 'xterm', NO_COLOR: '' },
  });
  // Replaces paths and URLs that differ between runs.
  const output = stdout
    .replaceAll('\r\n', '\n')
    .replaceAll(host.agentDir, '/opt/jc')
    .replaceAll(url, 'https://console.jumpcloud.com');
  const picture = terminalPicture(shownCall, output, COLUMNS);
  await writeFile(join(projectDirectory, `docs/public/screens/${name}.svg`), picture);
}
