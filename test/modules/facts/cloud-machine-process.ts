import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { execa } from 'execa';
import { startEmulator } from '../../emulator/emulator.ts';
import {
  type RunningMetadataService,
  startMetadataService,
} from '../../emulator/metadata/metadata-service.ts';
import { startNameServer } from '../../faults/name-server.ts';
import { executablePath } from '../../harness/executable.ts';
import {
  GROUPS,
  type MachineAnswer,
  type MachineCall,
  type MachineConfig,
  type MachineReport,
  PROXY,
} from './cloud-machine.ts';

// Runs as a process on a CloudMachine. Each message contains a machine and its calls. The process
// answers with a report.

const DMI_DIRECTORY = '/sys/class/dmi/id';
const INSTANCE_DATA = '/run/cloud-init/instance-data.json';

const emulator = await startEmulator();
for (const id of Object.values(GROUPS)) emulator.store.addGroup(id);
const nameServer = await startNameServer('127.0.0.1');
let proxyConnections = 0;
await listen(Number(new URL(PROXY).port), '127.0.0.1', () => proxyConnections++);

process.on('message', async (message) => {
  const { machine, calls } = message as { machine: MachineConfig; calls: MachineCall[] };
  try {
    process.send?.(await run(machine, calls));
  } catch (error) {
    process.send?.({ failure: String((error as Error).stack) });
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({});

async function listen(port: number, address: string, onConnection: () => void): Promise<Server> {
  const server = createServer((socket) => {
    onConnection();
    socket.on('error', () => {}).destroy();
  });
  await once(server.listen(port, address), 'listening');
  return server;
}

async function run(machine: MachineConfig, calls: readonly MachineCall[]): Promise<MachineReport> {
  proxyConnections = 0;
  nameServer.queriedNames.length = 0;
  emulator.clearRequests();
  const addresses = machine.addresses ?? ['169.254.169.254'];
  placeFiles(machine);
  for (const address of addresses) changeAddress('add', address);
  const service = await startService(machine, addresses);
  const host = await emulator.enrol();
  try {
    const answers: MachineAnswer[] = [];
    for (const call of calls) {
      const hostOptions = { agent_dir: host.agentDir, api_url: emulator.url };
      answers.push(
        await runCall({ ...call, options: { ...hostOptions, ...call.options } }, service),
      );
    }
    return {
      answers,
      metadata: service.requests,
      connections: service.connections(),
      proxyConnections,
      dnsQuestions: [...nameServer.queriedNames],
      jumpcloud: emulator.requests.map(({ method, url, body }) => ({
        method,
        path: url.replace(/^.*\/systems\/[0-9a-f]{24}/, ''),
        ...(body !== undefined && { body }),
      })),
    };
  } finally {
    service.close();
    for (const address of addresses) changeAddress('del', address);
    await host.remove();
  }
}

function placeFiles({ dmi = {}, cloudInit }: MachineConfig): void {
  for (const name of readdirSync(DMI_DIRECTORY)) rmSync(`${DMI_DIRECTORY}/${name}`);
  for (const [name, text] of Object.entries(dmi)) {
    writeFileSync(`${DMI_DIRECTORY}/${name}`, `${text}\n`);
  }
  rmSync(INSTANCE_DATA, { force: true });
  if (cloudInit === undefined) return;
  const text = typeof cloudInit === 'string' ? cloudInit : JSON.stringify(cloudInit);
  writeFileSync(INSTANCE_DATA, text);
}

function changeAddress(change: 'add' | 'del', address: string): void {
  const words = address.includes(':')
    ? ['-6', 'addr', change, `${address}/128`, 'dev', 'lo']
    : ['addr', change, `${address}/32`, 'dev', 'lo'];
  execFileSync('ip', change === 'add' && address.includes(':') ? [...words, 'nodad'] : words);
}

/**
 * Starts the metadata service of a machine. A machine without a metadata service gets a server that
 * only counts connections.
 */
async function startService(
  { metadata }: MachineConfig,
  addresses: readonly string[],
): Promise<RunningMetadataService> {
  if (metadata !== undefined) return startMetadataService({ addresses, ...metadata });
  let connections = 0;
  const servers = await Promise.all(
    addresses.map((address) => listen(80, address, () => connections++)),
  );
  const close = () => {
    for (const server of servers) server.close();
  };
  return { requests: [], connections: () => connections, close };
}

async function runCall(
  { module, options, flags = [], env = {}, node, isInterrupted = false }: MachineCall,
  service: RunningMetadataService,
): Promise<MachineAnswer> {
  let start = performance.now();
  const words = [executablePath(module), JSON.stringify(options), ...flags];
  const [file = '', ...rest] = node === undefined ? words : [node, ...words];
  const running = execa(file, rest, {
    stdin: 'ignore',
    reject: false,
    env,
  });
  if (isInterrupted) {
    while (service.connections() === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    start = performance.now();
    running.kill('SIGTERM');
  }
  const { stdout, stderr, exitCode } = await running;
  const seconds = (performance.now() - start) / 1000;
  return { answer: JSON.parse(stdout), exitCode, stderr, seconds };
}
