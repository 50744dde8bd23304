import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { HttpAnswer } from './types.ts';

/** Sends an answer without any fault. */
export function respond(response: ServerResponse, { status, body, headers }: HttpAnswer): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  const all = { 'content-type': 'application/json', ...headers };
  response.writeHead(status, all).end(JSON.stringify(body));
}

/** Sends the status, headers and text of a fault. */
export function respondStatus(
  response: ServerResponse,
  fault: Extract<Fault, { kind: 'status' }>,
  now: number,
): void {
  const { retryAfter } = fault;
  const wait =
    typeof retryAfter === 'object'
      ? new Date(now + retryAfter.date * 1000).toUTCString()
      : retryAfter;
  response.writeHead(fault.status, {
    'content-type': 'application/json',
    ...(wait !== undefined && { 'retry-after': String(wait) }),
    ...fault.headers,
  });
  response.end(fault.text ?? JSON.stringify({ message: 'injected' }));
}

/**
 * Sends an answer that is broken on the wire. An endless answer ends when the client closes the
 * connection or the server is closed.
 */
export async function respondBroken(
  request: IncomingMessage,
  response: ServerResponse,
  kind: 'trickle' | 'truncated' | 'endless-body' | 'endless-headers',
  answer: HttpAnswer,
  ms: number,
): Promise<void> {
  const { socket } = request;
  const text = JSON.stringify(answer.body ?? {});
  const type = { 'content-type': 'application/json' };
  const length = Buffer.byteLength(text);
  switch (kind) {
    case 'trickle':
      response.writeHead(answer.status, { ...type, 'content-length': length });
      for (const character of text) {
        if (response.destroyed) return;
        response.write(character);
        await sleep(ms);
      }
      response.end();
      break;
    case 'truncated':
      response.writeHead(answer.status, { ...type, 'content-length': length + 10 });
      response.write(text, () => socket.end());
      break;
    case 'endless-headers':
      // Writes to the socket, because a ServerResponse cannot send incomplete headers.
      socket.write(`HTTP/1.1 ${answer.status} OK\r\n`);
      while (!socket.destroyed) {
        socket.write(`x-more: ${'a'.repeat(1000)}\r\n`);
        await sleep(1);
      }
      break;
    case 'endless-body':
      // The status is 200 even for a write. The usual status of a write is 204, which has no body,
      // so the answer would end at once.
      response.writeHead(200, type);
      while (!response.destroyed) {
        if (!response.write(' '.repeat(0x10000))) await drainOrClose(response);
      }
  }
}

/** Waits until more can be written, or the connection is closed. */
function drainOrClose(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      response.off('drain', end).off('close', end);
      resolve();
    };
    response.on('drain', end).on('close', end);
  });
}
