import { execFileSync } from 'node:child_process';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import type { EnrolledHost } from './enrol.ts';

/** A request made without the product's code: signed by `openssl`, sent by Node.js. */
export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  /** Header names and values, alternating, exactly as sent. */
  readonly headers: readonly string[];
  readonly agent?: Agent;
}

/** A complete answer. */
export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed text, or undefined if it is not JSON. */
  readonly body: unknown;
}

/** The parts of a signature that a test can make wrong. */
export interface SignatureParts {
  /** The signed request line. By default, it is the line of the request. */
  readonly line?: string;
  readonly date?: string;
  readonly keyPath?: string;
  readonly systemId?: string;
}

/** Returns the value of an Authorization header: a signature of a request line and a date. */
export function authorizationHeader(
  host: EnrolledHost,
  line: string,
  signing: SignatureParts = {},
): string {
  const key = signing.keyPath ?? join(host.agentDir, 'client.key');
  const signature = execFileSync('openssl', ['dgst', '-sha256', '-sign', key], {
    input: `${signing.line ?? line}\ndate: ${signing.date ?? httpDate()}`,
  });
  const id = signing.systemId ?? host.systemId;
  return `Signature keyId="system/${id}",headers="request-line date",algorithm="rsa-sha256",signature="${signature.toString('base64')}"`;
}

/** Returns the time `plusSeconds` seconds from now, as an HTTP date. */
export function httpDate(plusSeconds = 0): string {
  return new Date(Date.now() + plusSeconds * 1000).toUTCString();
}

/** Sends a request and resolves to the complete answer. Rejects if the connection breaks. */
export function sendRaw(url: string, wire: RawRequest): Promise<RawReply> {
  const { method = 'GET', path, body, headers, agent } = wire;
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    // The headers are a flat list, because Node.js would add missing headers to an object.
    const sent = request(
      { hostname, port, method, path, agent, headers: ['Host', host, ...headers] },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const status = response.statusCode ?? 0;
          resolve({ status, headers: response.headers, text, body: parseJson(text) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Sends a request with a valid signature of a host. */
export function sendSigned(
  url: string,
  host: EnrolledHost,
  method: string,
  path: string,
  body?: unknown,
  agent?: Agent,
): Promise<RawReply> {
  const date = httpDate();
  const signature = authorizationHeader(host, `${method} ${path} HTTP/1.1`, { date });
  const content =
    body === undefined
      ? []
      : [
          'Content-Type',
          'application/json',
          'Content-Length',
          String(Buffer.byteLength(JSON.stringify(body))),
        ];
  const headers = ['Date', date, 'Authorization', signature, ...content];
  return sendRaw(url, { method, path, body, headers, ...(agent && { agent }) });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
