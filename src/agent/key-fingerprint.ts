import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** Returns the SHA-256 of a private key's public half, in hexadecimal digits. */
export function keyFingerprint(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(publicKey).digest('hex');
}
