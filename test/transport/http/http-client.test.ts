import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HttpClient } from '../../../src/transport/http/http-client.ts';

let sockets: Set<unknown>;
let openedConnections: number;
let http: HttpClient;
/** Handles a request through its socket. If undefined, the server answers normally. */
let serve: ((socket: { destroy(): void }) => void) | undefined;
const server = createServer((request, response) => {
  sockets.add(request.socket);
  if (serve) serve(request.socket);
  else response.end('{}');
});

beforeEach(async () => {
  sockets = new Set();
  openedConnections = 0;
  serve = undefined;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  http = new HttpClient(() => {
    openedConnections++;
    return new Client(`http://127.0.0.1:${port}`);
  });
});
afterEach(async () => {
  http.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

/** Sends a request. Resolves to the status of the answer, or to the error. */
function get(): Promise<number | Error> {
  const request: Dispatcher.DispatchOptions = { method: 'GET', path: '/' };
  return new Promise((resolve) => {
    let status = 0;
    http.dispatch(request, {
      onConnect() {},
      onHeaders(code) {
        status = code;
        return true;
      },
      onData: () => true,
      onComplete: () => resolve(status),
      onError: resolve,
    });
  });
}

test('HttpClient uses one connection for sequential requests', async () => {
  for (let i = 0; i < 3; i++) expect(await get()).toBe(200);
  expect([openedConnections, sockets.size]).toEqual([1, 1]);
});

test('HttpClient opens a connection for each parallel request, and reuses them', async () => {
  expect(await Promise.all([get(), get(), get()])).toEqual([200, 200, 200]);
  expect(await Promise.all([get(), get()])).toEqual([200, 200]);
  expect([openedConnections, sockets.size]).toEqual([3, 3]);
});

test('HttpClient does not reuse a connection on which a request failed', async () => {
  serve = (socket) => socket.destroy();
  expect(await get()).toBeInstanceOf(Error);
  serve = undefined;
  expect(await get()).toBe(200);
  expect(openedConnections).toBe(2);
});

test('HttpClient.destroy makes current and later requests fail', async () => {
  serve = () => {};
  const underWay = get();
  await expect.poll(() => sockets.size).toBe(1);
  http.destroy();
  expect(await underWay).toBeInstanceOf(Error);
  expect(await get()).toBeInstanceOf(Error);
  expect([openedConnections, sockets.size]).toEqual([1, 1]);
});
