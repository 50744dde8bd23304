import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Answer } from './types.ts';

/** Sends an answer as it should be. */
export function respond(response: ServerResponse, { status, body }: Answer): void {
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The status, headers and text of a fault that answers something else than the API. */
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
 * Sends an answer that comes wrongly over the wire. What never ends by itself ends when the other
 * side goes away or the server is closed.
 */
export async function respondBadly(
  request: IncomingMessage,
  response: ServerResponse,
  kind: 'trickle' | 'truncated' | 'endless-body' | 'endless-headers',
  answer: Answer,
  ms: number,
): Promise<void> {
  const { socket } = request;
  const text = JSON.stringify(answer.body ?? {});
  const head = `HTTP/1.1 ${answer.status} OK\r\ncontent-type: application/json\r\n`;
  const write = async (part: string) => {
    if (!socket.write(part)) await Promise.race([drained(socket), closed(socket)]);
  };
  response.detachSocket(socket);
  switch (kind) {
    case 'trickle':
      socket.write(`${head}content-length: ${Buffer.byteLength(text)}\r\n\r\n`);
      for (const character of text) {
        if (socket.destroyed) return;
        socket.write(character);
        await sleep(ms);
      }
      break;
    case 'truncated':
      socket.end(`${head}content-length: ${Buffer.byteLength(text) + 10}\r\n\r\n${text}`);
      break;
    case 'endless-headers':
      socket.write(head);
      while (!socket.destroyed) await write(`x-more: ${'a'.repeat(1000)}\r\n`).then(() => sleep(1));
      break;
    case 'endless-body':
      socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
      while (!socket.destroyed) await write(`10000\r\n${' '.repeat(0x10000)}\r\n`);
  }
}

function drained(socket: IncomingMessage['socket']): Promise<void> {
  return new Promise((resolve) => socket.once('drain', () => resolve()));
}

function closed(socket: IncomingMessage['socket']): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}
