import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { MetadataAnswer } from './answer.ts';
import { azureHandler } from './azure.ts';
import { ec2Handler } from './ec2.ts';
import { googleHandler } from './google.ts';

/** A fault of the metadata service. */
export type MetadataFault =
  | { readonly kind: 'silent' | 'endless' | 'slow' | 'short' | 'reset' | 'noise' }
  /** Replaces the answer. The body is padded to `length` bytes. */
  | ({ readonly kind: 'answer'; readonly length?: number } & MetadataAnswer);

/** The metadata service of a cloud. Plain data, so that a test can send it to another process. */
export interface MetadataConfig {
  readonly cloud: 'ec2' | 'google' | 'azure';
  /** The tags of the instance. Undefined on EC2 if its metadata options hide the tags. */
  readonly tags?: Readonly<Record<string, string>>;
  /** The id of the instance, which only EC2 returns. */
  readonly instanceId?: string;
  /** The addresses on which the service listens, at port 80. */
  readonly addresses?: readonly string[];
  /**
   * Faults, each with a regular expression for address and path (`169.254.169.254/latest/…`). The
   * first match applies.
   */
  readonly faults?: readonly (readonly [where: string, fault: MetadataFault])[];
}

/** A request to a metadata service. The status is 0 if it was not answered. */
export interface MetadataRequest {
  readonly address: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** A running metadata service. */
export interface RunningMetadataService {
  readonly requests: MetadataRequest[];
  /** Returns the number of connections that clients have opened. */
  connections(): number;
  close(): void;
}

/** Starts a metadata service. */
export async function startMetadataService(
  config: MetadataConfig,
): Promise<RunningMetadataService> {
  const { cloud, tags, addresses = ['169.254.169.254'], faults = [] } = config;
  const answers = { ec2: ec2Handler, google: googleHandler, azure: azureHandler }[cloud](
    tags,
    config.instanceId,
  );
  const requests: MetadataRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const serve = (address: string) => (request: IncomingMessage, response: ServerResponse) => {
    const { method = '', url: path = '' } = request;
    const log = (status: number) => void requests.push({ address, method, path, status });
    const [, fault] = faults.find(([where]) => new RegExp(where).test(address + path)) ?? [];
    if (fault !== undefined && fault.kind !== 'answer') {
      log(0);
      misbehave(fault.kind, request.socket);
      return;
    }
    const { status, headers = {}, body = '' } = fault ?? answers(request);
    log(status);
    response.writeHead(status, headers).end(body.padEnd(fault?.length ?? 0, 'a'));
  };

  const servers = await Promise.all(
    addresses.map(async (address): Promise<Server> => {
      const server = createServer(serve(address));
      server.on('connection', (socket: Socket) => {
        connections++;
        sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
      });
      await once(server.listen(80, address), 'listening');
      return server;
    }),
  );
  return {
    requests,
    connections: () => connections,
    close() {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

const RESPONSE_HEAD = 'HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n';

function misbehave(kind: Exclude<MetadataFault['kind'], 'answer'>, socket: Socket): void {
  switch (kind) {
    case 'silent':
      break;
    case 'endless':
      writeForever(socket, `${RESPONSE_HEAD}\r\n`, 'a'.repeat(10_000), 5);
      break;
    case 'slow':
      writeForever(socket, `${RESPONSE_HEAD}\r\n`, 'a', 200);
      break;
    case 'short':
      socket.end(`${RESPONSE_HEAD}Content-Length: 100\r\n\r\nweb`);
      break;
    case 'reset':
      socket.resetAndDestroy();
      break;
    case 'noise':
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  }
}

function writeForever(socket: Socket, head: string, text: string, everyMs: number): void {
  socket.write(head);
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.on('close', () => clearInterval(timer));
}
