import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/**
 * Returns the SHA-256 digest of the public key that belongs to a private key, in hexadecimal
 * digits.
 */
export function keyFingerprint(privateKey: KeyObject): string {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(publicKey).digest('hex');
}
