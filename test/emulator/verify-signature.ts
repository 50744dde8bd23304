import { verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Store } from './store.ts';

const AUTHORIZATION =
  /^Signature keyId="system\/([0-9a-f]{24})",headers="request-line date",algorithm="rsa-sha256",signature="([A-Za-z0-9+/]+=*)"$/;

/** The clock errors that are accepted from a system, in milliseconds. */
export interface Tolerance {
  readonly aheadMs: number;
  readonly behindMs: number;
}

/** Reports whether a request has a signature of any scheme and form. */
export function isSigned({ headers }: IncomingMessage): boolean {
  return headers.signature !== undefined || /^\s*signature\b/i.test(headers.authorization ?? '');
}

/** Returns the system id in a request's signature, without verifying it. */
export function readClaimedSystemId(request: IncomingMessage): string | undefined {
  return AUTHORIZATION.exec(request.headers.authorization ?? '')?.[1];
}

/**
 * Verifies a signature over the request line exactly as received. Returns the id of the system that
 * signed, or undefined if the signature is invalid. Times are in milliseconds.
 */
export function verifySignature(
  store: Store,
  request: IncomingMessage,
  now: number,
  { aheadMs, behindMs }: Tolerance,
): string | undefined {
  const count = (name: string) =>
    request.rawHeaders.filter((raw, i) => i % 2 === 0 && raw.toLowerCase() === name).length;
  const { date = '', authorization = '' } = request.headers;
  const [, systemId = '', signature = ''] = AUTHORIZATION.exec(authorization) ?? [];
  const system = store.systems.get(systemId);
  if (system === undefined || system.ineligible) return undefined;
  if (count('authorization') !== 1 || count('date') !== 1 || request.httpVersion !== '1.1') {
    return undefined;
  }
  const time = parseHttpDate(date);
  if (time === undefined || time - now > aheadMs || now - time > behindMs) return undefined;
  const text = `${request.method} ${request.url} HTTP/${request.httpVersion}\ndate: ${date}`;
  const genuine = verify(
    'sha256',
    Buffer.from(text),
    system.publicKey,
    Buffer.from(signature, 'base64'),
  );
  return genuine ? systemId : undefined;
}

/** Parses an HTTP date. Returns undefined for any other format and for impossible dates. */
function parseHttpDate(text: string): number | undefined {
  const time = Date.parse(text);
  // Date.parse is lenient: accept only the canonical text of the parsed time.
  return !Number.isNaN(time) && new Date(time).toUTCString() === text ? time : undefined;
}
