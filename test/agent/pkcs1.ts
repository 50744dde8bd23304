import type { KeyObject } from 'node:crypto';

/** The JWK names of an RSA key's numbers, in the order of PKCS#1. */
export const RSA_NUMBERS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
export type RsaNumber = (typeof RSA_NUMBERS)[number];

/**
 * Returns a private RSA key as PKCS#1 in PEM form. Adds zero bytes before the numbers in `padded`,
 * as some programs do although DER forbids it.
 */
export function pkcs1WithZeroes(key: KeyObject, padded: readonly RsaNumber[]): string {
  const jwk = key.export({ format: 'jwk' });
  const numbers = RSA_NUMBERS.map((name) => {
    const bytes = Buffer.from(String(jwk[name]), 'base64url');
    return encodeInteger(padded.includes(name) ? Buffer.concat([Buffer.alloc(2), bytes]) : bytes);
  });
  const der = encodeTagged(0x30, Buffer.concat([encodeInteger(Buffer.from([0])), ...numbers]));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  const name = 'RSA PRIVATE KEY';
  return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ''].join('\n');
}

/** Encodes a positive integer. If its first bit is set, adds a zero byte before it. */
function encodeInteger(bytes: Buffer): Buffer {
  return encodeTagged(2, (bytes[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

function encodeTagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  const size = length < 128 ? [length] : long;
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
