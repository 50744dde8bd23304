import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type AheadDialler, dialAhead } from '../../src/transport/dial-ahead.ts';
import { dialler } from '../../src/transport/dialler.ts';

let server: Server;
let port: number;
let accepted: Socket[];
let ahead: AheadDialler | undefined;

const dial = dialler(() => {
  throw new Error('an address is not looked up');
}, 5000);

beforeEach(async () => {
  accepted = [];
  server = createServer((socket) => {
    accepted.push(socket.on('error', () => {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  vi.restoreAllMocks();
  ahead?.destroy();
  for (const socket of accepted) socket.destroy();
  server.close();
});

/** Asks for a connection: its number among those that the server accepted, from 1, or the error. */
function take(): Promise<number | Error> {
  return new Promise((resolve) => {
    ahead?.dial('127.0.0.1', port, (error, socket) => {
      if (error) return resolve(error);
      const at = socket.localPort;
      const number = () => accepted.findIndex(({ remotePort }) => remotePort === at) + 1;
      socket.on('error', () => {});
      vi.waitFor(() => expect(number()).toBeGreaterThan(0)).then(() => {
        resolve(number());
        socket.destroy();
      });
    });
  });
}

test('connections are begun at once, and given to those who ask, then new ones', async () => {
  ahead = dialAhead(dial, '127.0.0.1', port, 2);
  await vi.waitFor(() => expect(accepted).toHaveLength(2));
  expect((await Promise.all([take(), take()])).sort()).toEqual([1, 2]);
  expect(await take()).toBe(3);
});

test('one that is still on its way is waited for', async () => {
  ahead = dialAhead(dial, '127.0.0.1', port, 1);
  expect(await take()).toBe(1);
  expect(accepted).toHaveLength(1);
});

test('one that failed is the failure of the first who asks, and of nobody else', async () => {
  server.close();
  ahead = dialAhead(dial, '127.0.0.1', port, 1);
  await new Promise((resolve) => setTimeout(resolve, 100));
  server.listen(port, '127.0.0.1');
  expect(await take()).toMatchObject({ code: 'ECONNREFUSED' });
  expect(await take()).toBe(1);
});

test.each([
  ['closed', (socket: Socket) => socket.end()],
  ['reset', (socket: Socket) => socket.resetAndDestroy()],
])('one that was %s since is made anew, once', async (_, close) => {
  ahead = dialAhead(dial, '127.0.0.1', port, 1);
  await vi.waitFor(() => expect(accepted).toHaveLength(1));
  for (const socket of accepted) close(socket);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(await take()).toBe(2);
});

test('one that nobody asked for in five seconds is made anew', async () => {
  ahead = dialAhead(dial, '127.0.0.1', port, 1);
  await vi.waitFor(() => expect(accepted).toHaveLength(1));
  const later = process.hrtime.bigint() + 6_000_000_000n;
  vi.spyOn(process.hrtime, 'bigint').mockReturnValue(later);
  expect(await take()).toBe(2);
});

test('what nobody asked for is closed at the end', async () => {
  ahead = dialAhead(dial, '127.0.0.1', port, 2);
  await vi.waitFor(() => expect(accepted).toHaveLength(2));
  const ends = accepted.map((socket) => once(socket.resume(), 'end'));
  ahead.destroy();
  await Promise.all(ends);
});
