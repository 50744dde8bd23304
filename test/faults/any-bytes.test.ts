import type { Socket } from 'node:net';
import Client from 'undici/lib/dispatcher/client.js';
import { expect, test } from 'vitest';
import { AttemptError } from '../../src/transport/errors/attempt-error.ts';
import { attempt } from '../../src/transport/http/attempt.ts';
import { BodyQuota } from '../../src/transport/http/body-buffer.ts';
import { HttpClient } from '../../src/transport/http/http-client.ts';
import { startBadServer } from './bad-server.ts';
import { mapConcurrently } from './map-concurrently.ts';
import { Random } from './random.ts';

const CASE_COUNT = 2000;

const ANSWERS = [
  'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"_id":"abcd"}',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n4;a=b\r\na":1\r\n1\r\n}\r\n0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]',
  'HTTP/1.1 502 Bad Gateway\r\nRetry-After: 1\r\nContent-Length: 6\r\n\r\n<html>',
];
const REPLACEMENTS = [
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
function makeDamagedAnswer(random: Random): Buffer {
  let text = random.pick(...ANSWERS);
  for (let i = random.integerBelow(5); i > 0; i--) {
    const start = random.integerBelow(text.length);
    const end = start + random.integerBelow(random.chance(0.2) ? text.length : 4);
    const replacement = random.pick(...REPLACEMENTS, text.slice(start, end).repeat(2));
    text = text.slice(0, start) + replacement + text.slice(end);
  }
  return Buffer.from(text, 'latin1');
}

/** Sends bytes in pieces of random size. Then ends or resets the connection, or leaves it open. */
async function sendInPieces(socket: Socket, bytes: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const size = 1 + random.integerBelow(random.chance(0.5) ? 4 : bytes.length);
    socket.write(bytes.subarray(at, at + size));
    at += size;
    await new Promise(setImmediate);
  }
  const ending = random.pick('end', 'end', 'reset', 'wait');
  if (ending === 'end') socket.end();
  if (ending === 'reset') socket.resetAndDestroy();
}

test(`attempt() returns an answer or an AttemptError for each of ${CASE_COUNT} damaged responses`, async () => {
  const seeds = Array.from({ length: CASE_COUNT }, (_, seed) => seed + 1);
  const countByKind: Record<string, number> = {};
  const failures: string[] = [];
  await mapConcurrently(seeds, 16, async (seed) => {
    const random = new Random(seed);
    const bytes = makeDamagedAnswer(random);
    const server = await startBadServer((socket) => void sendInPieces(socket, bytes, random));
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
    countByKind[kind] = (countByKind[kind] ?? 0) + 1;
    const isExpected =
      outcome instanceof AttemptError
        ? /^(no|the) [a-z]/.test(outcome.message)
        : outcome.status >= 100 && outcome.status < 1000;
    if (isExpected && mayHaveTakenEffect) return;
    failures.push(`seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}: ${outcome}`);
  });
  expect(failures).toEqual([]);
  expect(Object.keys(countByKind).sort()).toEqual(['answer', 'network', 'unexpected']);
}, 120_000);
