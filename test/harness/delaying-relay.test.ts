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
  // Gives back what it gets.
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

async function answered(socket: Socket, text: string): Promise<number> {
  const start = performance.now();
  socket.write(text);
  const [chunk] = await once(socket, 'data');
  expect(String(chunk)).toBe(text);
  return performance.now() - start;
}

test('a connection and each answer take a round trip', async () => {
  const socket = connect(relay.port, '127.0.0.1');
  const first = await answered(socket, 'a');
  const second = await answered(socket, 'b');
  socket.destroy();
  // Timers count whole milliseconds.
  expect(first).toBeGreaterThan(2 * ROUND_TRIP_MS - 3);
  expect(second).toBeGreaterThan(ROUND_TRIP_MS - 3);
  expect(second).toBeLessThan(first);
});

test('connections and bytes do not wait for each other, and arrive in order', async () => {
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
  // One by one it would be at least twenty round trips, and chunk by chunk hundreds.
  expect(performance.now() - start).toBeLessThan(20 * ROUND_TRIP_MS);
});

test('a connection that one side breaks is broken for the other', async () => {
  const socket = connect(relay.port, '127.0.0.1');
  await answered(socket, 'a');
  socket.resetAndDestroy();
  const [other] = connections;
  await once(other as Socket, 'close');
  expect(other?.destroyed).toBe(true);
});
