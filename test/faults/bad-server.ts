import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A server on loopback that does not do what it should. */
export interface BadServer {
  readonly url: string;
  /** Everything that was sent to it, one text for each connection. */
  readonly received: string[];
  close(): void;
}

/**
 * Starts a server that does as told with each connection, once a request's head has come. It is
 * told which head this is, counted from 0 over all connections.
 */
export async function badServer(
  behave: (socket: Socket, head: string, count: number) => void,
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
      for (let end = headEnd(unanswered); end > 0; end = headEnd(unanswered)) {
        const head = unanswered.slice(0, end);
        unanswered = unanswered.slice(end);
        behave(socket, head, count++);
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

/** Where a head ends, and the body that it announces; 0 when it is not there yet. */
function headEnd(text: string): number {
  const end = text.indexOf('\r\n\r\n') + 4;
  if (end < 4) return 0;
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
  return text.length >= end + length ? end + length : 0;
}

/** Nothing listens there. */
export async function closedPort(): Promise<BadServer> {
  const server = await badServer(() => {});
  server.close();
  return server;
}

/**
 * Connections to it are never established: it does not accept any, and its queue is full. The port is
 * the same at all of its addresses.
 */
export function hangingPort(
  addresses: readonly string[] = ['127.0.0.1'],
  port = 0,
): Promise<BadServer> {
  return fullPort(addresses, port, Number.POSITIVE_INFINITY);
}

/** A connection to it takes a second, like one to the other side of the world and farther. */
export function slowPort(): Promise<BadServer> {
  // A connection that found the queue full is asked for again after a second.
  return fullPort(['127.0.0.1'], 0, 300);
}

/** Its queue of connections is full, and for so long it accepts none of them. */
async function fullPort(
  addresses: readonly string[],
  atPort: number,
  forMs: number,
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
       Atomics.wait(release, 0, 1, workerData.forMs);
     })();`,
    { eval: true, workerData: { addresses, port: atPort, forMs } },
  );
  const [{ port, release }] = await once(worker, 'message');
  const waiting: Socket[] = [];
  for (const address of addresses) {
    for (let established = true; established; ) {
      const socket = connect(port, address).on('error', () => {});
      waiting.push(socket);
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
      for (const socket of waiting) socket.destroy();
      void worker.terminate();
    },
  };
}

/** Sends pieces one after the other for ever, as fast as they are taken or one in so many ms. */
export function sendForever(socket: Socket, piece: () => string | Buffer, everyMs = 0): void {
  if (everyMs > 0) {
    const timer = setInterval(() => socket.write(piece()), everyMs);
    socket.on('close', () => clearInterval(timer));
    return;
  }
  const more = () => {
    while (!socket.destroyed && socket.write(piece()));
  };
  socket.on('drain', more);
  more();
}
