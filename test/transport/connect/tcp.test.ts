import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { AddressRotation } from '../../../src/transport/connect/address-rotation.ts';
import { connectTcp } from '../../../src/transport/connect/tcp.ts';
import { openHangingPort, openSlowPort } from '../../faults/bad-server.ts';

const cleanUp: (() => void)[] = [];
afterEach(() => {
  for (const close of cleanUp.splice(0)) close();
});

/** Connects to a host that has these addresses. Returns the address that it reached. */
async function connectTo(
  port: number,
  timeoutMs: number,
  addresses: readonly LookupAddress[],
): Promise<string> {
  const socket = await connectTcp(addresses, port, new AddressRotation(timeoutMs));
  cleanUp.push(() => socket.destroy());
  return socket.remoteAddress ?? '';
}

const LOOPBACK = { address: '127.0.0.1', family: 4 };
// No server listens at this address, whether or not this machine has IPv6.
const UNREACHABLE = { address: '::1', family: 6 };

test('connectTcp waits for a slow address when the other address family is unreachable', async () => {
  const far = await openSlowPort();
  cleanUp.push(far.close);
  const port = Number(new URL(far.url).port);
  expect(await connectTo(port, 10_000, [LOOPBACK, UNREACHABLE])).toBe('127.0.0.1');
});

test('connectTcp tries the next address when the first does not answer', async () => {
  const hanging = await openHangingPort();
  cleanUp.push(hanging.close);
  const port = Number(new URL(hanging.url).port);
  const server = createServer().listen(port, '127.0.0.2');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  const other = { address: '127.0.0.2', family: 4 };
  expect(await connectTo(port, 2001, [LOOPBACK, other])).toBe('127.0.0.2');
});

test('connectTcp tries a third address within a timeout of one second', async () => {
  const hanging = await openHangingPort();
  cleanUp.push(hanging.close);
  const port = Number(new URL(hanging.url).port);
  const server = createServer().listen(port, '127.0.0.2');
  await once(server, 'listening');
  cleanUp.push(() => server.close());
  const other = { address: '127.0.0.2', family: 4 };
  // A request would give up after one second, but connectTo has no such limit.
  const tooLate = new Promise((resolve) => setTimeout(resolve, 1000, 'too late'));
  const connected = connectTo(port, 1000, [LOOPBACK, LOOPBACK, other]);
  expect(await Promise.race([connected, tooLate])).toBe('127.0.0.2');
});

test('connectTcp rejects with the error of the first address when all fail', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  const failure = connectTo(port, 2000, [LOOPBACK, UNREACHABLE]);
  await expect(failure).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
