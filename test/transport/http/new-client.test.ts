import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import type { Client } from 'undici';
import Undici from 'undici/lib/dispatcher/client.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createClient } from '../../../src/transport/http/http-client.ts';

let openedConnections: number;
let client: Client;
const server = createServer((socket) => {
  openedConnections++;
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
});

beforeEach(async () => {
  openedConnections = 0;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  client = createClient(
    Undici,
    `http://127.0.0.1:${port}`,
    () =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => resolve(socket));
        socket.on('error', reject);
      }),
  );
});
afterEach(() => {
  void client.destroy();
  server.close();
});

/** Sends a request. Resolves to the status of the answer, or to the error. */
const get = () =>
  new Promise((resolve) => {
    client.dispatch(
      { method: 'GET', path: '/' },
      {
        onConnect() {},
        onHeaders(status) {
          resolve(status);
          return true;
        },
        onData: () => true,
        onComplete() {},
        onError: resolve,
      },
    );
  });

test('a client opens a new connection when the server has closed the previous one after an answer', async () => {
  for (const connections of [1, 2, 3]) {
    const closed = once(client, 'disconnect');
    expect(await get()).toBe(200);
    expect(openedConnections).toBe(connections);
    await closed;
  }
});
