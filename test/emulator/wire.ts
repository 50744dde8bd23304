import { execFileSync } from 'node:child_process';
import { type Agent, type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import type { EnrolledHost } from './enrol.ts';

/** A request made without anything of the product: signed by `openssl`, sent by Node. */
export interface WireRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  /** Name, value, name, value: exactly as sent. */
  readonly headers: readonly string[];
  readonly agent?: Agent;
}

/** What came back, whole. */
export interface WireReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text's JSON; undefined when it is none. */
  readonly body: unknown;
}

/** What of a signature a test may want otherwise than right. */
export interface Signing {
  /** The first line of what is signed; by default that of the request. */
  readonly line?: string;
  readonly date?: string;
  readonly keyPath?: string;
  readonly systemId?: string;
}

/** An Authorization header's value, over a request line and a date. */
export function authorization(host: EnrolledHost, line: string, signing: Signing = {}): string {
  const key = signing.keyPath ?? join(host.agentDir, 'client.key');
  const signature = execFileSync('openssl', ['dgst', '-sha256', '-sign', key], {
    input: `${signing.line ?? line}\ndate: ${signing.date ?? now()}`,
  });
  const id = signing.systemId ?? host.systemId;
  return `Signature keyId="system/${id}",headers="request-line date",algorithm="rsa-sha256",signature="${signature.toString('base64')}"`;
}

/** The time as an HTTP date, so many seconds from now. */
export function now(plusSeconds = 0): string {
  return new Date(Date.now() + plusSeconds * 1000).toUTCString();
}

/** Sends a request, and resolves to the whole answer; rejects when the connection breaks. */
export function exchange(url: string, wire: WireRequest): Promise<WireReply> {
  const { method = 'GET', path, body, headers, agent } = wire;
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    // Node would put a header of its own for each that is left out, but not into a flat list.
    const sent = request(
      { hostname, port, method, path, agent, headers: ['Host', host, ...headers] },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const status = response.statusCode ?? 0;
          resolve({ status, headers: response.headers, text, body: parsed(text) });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A rightly signed request of a host. */
export function call(
  url: string,
  host: EnrolledHost,
  method: string,
  path: string,
  body?: unknown,
  agent?: Agent,
): Promise<WireReply> {
  const date = now();
  const signature = authorization(host, `${method} ${path} HTTP/1.1`, { date });
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
  return exchange(url, { method, path, body, headers, ...(agent && { agent }) });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
