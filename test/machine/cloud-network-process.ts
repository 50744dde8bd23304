import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import {
  type RunningMetadataService,
  startMetadataService,
} from '../emulator/metadata/metadata-service.ts';
import { JUMPCLOUD_PORT, type NetworkReport, type NetworkRequest } from './cloud-network.ts';
import { relay } from './relay.ts';

// The process in a CloudNetwork. Its argument is the path of a socket that leads to JumpCloud.

const [, , socket = ''] = process.argv;

execFileSync('ip', ['link', 'set', 'lo', 'up']);
execFileSync('ip', ['addr', 'add', '169.254.169.254/32', 'dev', 'lo']);
const server = createServer((from) => relay(from, connect(socket)));
await once(server.listen(JUMPCLOUD_PORT, '127.0.0.1'), 'listening');

let service: RunningMetadataService | undefined;
process.on('message', async ({ metadata }: NetworkRequest) => {
  const report: NetworkReport = { connections: service?.connections() ?? 0 };
  service?.close();
  service = await startMetadataService(metadata);
  process.send?.(report);
});
process.on('disconnect', () => process.exit(0));
process.send?.({});
