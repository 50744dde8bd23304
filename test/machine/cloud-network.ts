import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MetadataConfig } from '../emulator/metadata/metadata-service.ts';
import { relay } from './relay.ts';

const SCRIPT = new URL('./cloud-network-process.ts', import.meta.url).pathname;

/** The port of JumpCloud on loopback, both on this machine and in a CloudNetwork. */
export const JUMPCLOUD_PORT = 443;

/** A message to the process in the network: the configuration of a new metadata service. */
export interface NetworkRequest {
  readonly metadata: MetadataConfig;
}

/** The answer of the process in the network: the connections to the previous metadata service. */
export interface NetworkReport {
  readonly connections: number;
}

/**
 * The network of one cloud instance, in a namespace of its own. It has loopback, the metadata
 * service at its usual address, and JumpCloud at the same port as on this machine.
 */
export class CloudNetwork {
  /** The path of the namespace. */
  readonly path: string;
  readonly #process: ChildProcess;
  readonly #server: Server;
  readonly #directory: string;

  private constructor(process: ChildProcess, server: Server, directory: string) {
    this.path = `/proc/${process.pid}/ns/net`;
    this.#process = process;
    this.#server = server;
    this.#directory = directory;
  }

  static async start(metadata: MetadataConfig): Promise<CloudNetwork> {
    const directory = await mkdtemp(join(tmpdir(), 'cloud-network-'));
    const socket = join(directory, 'jumpcloud');
    const server = createServer((from) => relay(from, connect(JUMPCLOUD_PORT, '127.0.0.1')));
    await once(server.listen(socket), 'listening');
    const program = [process.execPath, '--import', 'tsx', SCRIPT, socket];
    const child = spawn('unshare', ['--net', ...program], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const network = new CloudNetwork(child, server, directory);
    await once(child, 'message');
    await network.change(metadata);
    return network;
  }

  /** Replaces the metadata service. Returns the number of connections to the old service. */
  async change(metadata: MetadataConfig): Promise<number> {
    this.#process.send({ metadata } satisfies NetworkRequest);
    const [report] = (await once(this.#process, 'message')) as [NetworkReport];
    return report.connections;
  }

  async end(): Promise<void> {
    this.#process.disconnect();
    await once(this.#process, 'exit');
    this.#server.close();
    await rm(this.#directory, { recursive: true });
  }
}
