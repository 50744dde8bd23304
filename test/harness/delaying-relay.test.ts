import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DelayingRelay, startDelayingRelay } from './delaying-relay.ts';

const ROUND_TRIP_MS = 60;

let server: Server;
let relay: DelayingRelay;
let connections: Socket[];
beforeEach(async () => {
  connections = [];
  // An echo server.
  server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  relay = await startDelayingRelay((server.address() as AddressInfo).port, ROUND_TRIP_MS);
  return async () => {
    await relay.close();
    server.close();
  };
});
afterEach(() => {
  for (const socket of connections) socket.destroy();
});

/** Sends a text and returns the milliseconds until its echo. */
async function echoTime(socket: Socket, text: string): Promise<number> {
  const start = performance.now();
  socket.write(text);
  const [chunk] = await once(socket, 'data');
  expect(String(chunk)).toBe(text);
  return performance.now() - start;
}

test('a new connection takes one round trip, and so does each answer', async () => {
  const socket = connect(relay.port, '127.0.0.1');
  const first = await echoTime(socket, 'a');
  const second = await echoTime(socket, 'b');
  socket.destroy();
  // Timers have a resolution of one millisecond.
  expect(first).toBeGreaterThan(2 * ROUND_TRIP_MS - 3);
  expect(second).toBeGreaterThan(ROUND_TRIP_MS - 3);
  expect(second).toBeLessThan(first);
});

test('parallel connections do not delay each other, and the chunks of each connection arrive in order', async () => {
  const start = performance.now();
  const sent = Array.from({ length: 400 }, (_, i) => `${i} ${'x'.repeat(i * 5)}\n`);
  const echoes = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const socket = connect(relay.port, '127.0.0.1');
      const echo = buffer(socket);
      for (const text of sent) {
        if (!socket.write(text)) await once(socket, 'drain');
      }
      socket.end();
      return String(await echo);
    }),
  );
  expect(echoes.every((echo) => echo === sent.join(''))).toBe(true);
  // One connection after the other would take at least 20 round trips, and one chunk after the
  // other hundreds.
  expect(performance.now() - start).toBeLessThan(20 * ROUND_TRIP_MS);
});

test('a connection that the client resets is closed on the server', async () => {
  const socket = connect(relay.port, '127.0.0.1');
  await echoTime(socket, 'a');
  socket.resetAndDestroy();
  const [other] = connections;
  await once(other as Socket, 'close');
  expect(other?.destroyed).toBe(true);
});
