import { type KeyObject, sign as rsaSign } from 'node:crypto';
import { authorization } from './authorization.ts';
import { httpDate } from './http-date.ts';
import { signingString } from './signing-string.ts';

/** The identity that signs requests: the system's id and the agent's private RSA key. */
export interface Signer {
  readonly systemId: string;
  readonly privateKey: KeyObject;
}

/**
 * The two headers that authenticate a request, and the signature itself, which must never be
 * printed.
 */
export interface Signature {
  readonly date: string;
  readonly authorization: string;
  readonly signature: string;
}

/**
 * Signs one request (RSASSA-PKCS1-v1_5, SHA-256). `time` is in milliseconds since the epoch. The
 * signature covers neither the body nor the host.
 */
export function sign(signer: Signer, method: string, path: string, time: number): Signature {
  const date = httpDate(time);
  const text = Buffer.from(signingString(method, path, date));
  const signature = rsaSign('sha256', text, signer.privateKey).toString('base64');
  return { date, authorization: authorization(signer.systemId, signature), signature };
}
