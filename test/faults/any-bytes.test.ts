import type { Socket } from 'node:net';
import Client from 'undici/lib/dispatcher/client.js';
import { expect, test } from 'vitest';
import { AttemptError } from '../../src/transport/errors/attempt-error.ts';
import { attempt } from '../../src/transport/http/attempt.ts';
import { BodyQuota } from '../../src/transport/http/body-buffer.ts';
import { HttpClient } from '../../src/transport/http/http-client.ts';
import { badServer } from './bad-server.ts';
import { mapConcurrently } from './map-concurrently.ts';
import { Random } from './random.ts';

const CASES = 2000;

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"_id":"abcd"}',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n4;a=b\r\na":1\r\n1\r\n}\r\n0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]',
  'HTTP/1.1 502 Bad Gateway\r\nRetry-After: 1\r\nContent-Length: 6\r\n\r\n<html>',
];
const PIECES = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  ': ',
  '0\r\n\r\n',
  'HTTP/1.1 ',
  '\xff',
  '9'.repeat(30),
  '',
];

/** Returns a valid answer with up to four places damaged. */
function damagedAnswer(random: Random): Buffer {
  let text = random.of(...ANSWERS);
  for (let i = random.below(5); i > 0; i--) {
    const at = random.below(text.length);
    const to = at + random.below(random.chance(0.2) ? text.length : 4);
    text = text.slice(0, at) + random.of(...PIECES, text.slice(at, to).repeat(2)) + text.slice(to);
  }
  return Buffer.from(text, 'latin1');
}

/** Sends bytes in pieces of random size, then ends or resets the connection, or waits. */
async function send(socket: Socket, bytes: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const size = 1 + random.below(random.chance(0.5) ? 4 : bytes.length);
    socket.write(bytes.subarray(at, at + size));
    at += size;
    await new Promise(setImmediate);
  }
  const ending = random.of('end', 'end', 'reset', 'wait');
  if (ending === 'end') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
}

test(`attempt() turns ${CASES} damaged answers into answers or attempt errors only`, async () => {
  const seeds = Array.from({ length: CASES }, (_, seed) => seed + 1);
  const kinds: Record<string, number> = {};
  const unexpected: string[] = [];
  await mapConcurrently(seeds, 16, async (seed) => {
    const random = new Random(seed);
    const bytes = damagedAnswer(random);
    const server = await badServer((socket) => void send(socket, bytes, random));
    const { signal } = new AbortController();
    const bodyQuota = new BodyQuota();
    const http = new HttpClient(() => new Client(server.url));
    const request = {
      origin: server.url,
      method: 'GET',
      path: '/',
      headers: {},
      body: null,
    } as const;
    const { outcome, mayHaveTakenEffect } = await attempt(
      { http, signal, bodyQuota },
      request,
      500,
    );
    http.destroy();
    server.close();
    const kind = outcome instanceof AttemptError ? outcome.kind : 'answer';
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    const isSound =
      outcome instanceof AttemptError
        ? /^(no|the) [a-z]/.test(outcome.message)
        : outcome.status >= 100 && outcome.status < 1000;
    if (isSound && mayHaveTakenEffect) return;
    unexpected.push(`seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}: ${outcome}`);
  });
  expect(unexpected).toEqual([]);
  expect(Object.keys(kinds).sort()).toEqual(['answer', 'network', 'unexpected']);
}, 120_000);
