import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A misbehaving server on loopback. */
export interface BadServer {
  readonly url: string;
  /** The received text of each connection. */
  readonly received: string[];
  close(): void;
}

/**
 * Starts a server that calls `onRequest` for each received request. `count` is the number of
 * earlier requests over all connections.
 */
export async function startBadServer(
  onRequest: (socket: Socket, head: string, count: number) => void,
): Promise<BadServer> {
  const sockets = new Set<Socket>();
  const received: string[] = [];
  let count = 0;
  const server = createServer((socket) => {
    const connection = received.push('') - 1;
    let unanswered = '';
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      unanswered += data;
      received[connection] = `${received[connection]}${data}`;
      for (let end = findRequestEnd(unanswered); end > 0; end = findRequestEnd(unanswered)) {
        const head = unanswered.slice(0, end);
        unanswered = unanswered.slice(end);
        onRequest(socket, head, count++);
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Returns the length of the first request with its body, or 0 if the request is incomplete. */
function findRequestEnd(text: string): number {
  const end = text.indexOf('\r\n\r\n') + 4;
  if (end < 4) return 0;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length >= end + length ? end + length : 0;
}

/** Returns a port on which nothing listens. */
export async function findClosedPort(): Promise<BadServer> {
  const server = await startBadServer(() => {});
  server.close();
  return server;
}

/**
 * Opens a port that never accepts a connection, because its queue is full. The port number is the
 * same at all addresses.
 */
export function openHangingPort(
  addresses: readonly string[] = ['127.0.0.1'],
  port = 0,
): Promise<BadServer> {
  return openFullPort(addresses, port, Number.POSITIVE_INFINITY);
}

/** Opens a port that takes one second to accept a connection. */
export function openSlowPort(): Promise<BadServer> {
  // If the queue is full, TCP retries the connection after one second.
  return openFullPort(['127.0.0.1'], 0, 300);
}

/** Opens a port with a full queue that accepts no connection for `busyMs` milliseconds. */
async function openFullPort(
  addresses: readonly string[],
  requestedPort: number,
  busyMs: number,
): Promise<BadServer> {
  const worker = new Worker(
    `const { once } = require('node:events');
     const { createServer } = require('node:net');
     const { parentPort, workerData } = require('node:worker_threads');
     const release = new Int32Array(new SharedArrayBuffer(4));
     (async () => {
       let { port } = workerData;
       for (const host of workerData.addresses) {
         const server = createServer().listen({ port, host, backlog: 1 });
         await once(server, 'listening');
         port = server.address().port;
       }
       parentPort.postMessage({ port, release });
       Atomics.wait(release, 0, 0);
       Atomics.wait(release, 0, 1, workerData.busyMs);
     })();`,
    { eval: true, workerData: { addresses, port: requestedPort, busyMs } },
  );
  const [{ port, release }] = await once(worker, 'message');
  const sockets: Socket[] = [];
  for (const address of addresses) {
    for (let established = true; established; ) {
      const socket = connect(port, address).on('error', () => {});
      sockets.push(socket);
      established = await Promise.race([
        once(socket, 'connect').then(() => true),
        new Promise<boolean>((resolve) => setTimeout(resolve, 500, false)),
      ]);
    }
  }
  Atomics.store(release, 0, 1);
  Atomics.notify(release, 0);
  return {
    url: `http://127.0.0.1:${port}`,
    received: [],
    close: () => {
      for (const socket of sockets) socket.destroy();
      void worker.terminate();
    },
  };
}

/** Sends pieces forever: one every `intervalMs`, or as fast as possible by default. */
export function sendForever(socket: Socket, piece: () => string | Buffer, intervalMs = 0): void {
  if (intervalMs > 0) {
    const timer = setInterval(() => socket.write(piece()), intervalMs);
    socket.on('close', () => clearInterval(timer));
    return;
  }
  const sendMore = () => {
    while (!socket.destroyed && socket.write(piece()));
  };
  socket.on('drain', sendMore);
  sendMore();
}
