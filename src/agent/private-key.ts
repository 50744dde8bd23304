import type { KeyObject } from 'node:crypto';
import { BadIdentity } from '../base/errors.ts';
import { type KeyFile, notPrivateKeyError } from './key-file.ts';
import { readAgentFile } from './read-agent-file.ts';

/** The agent's private key, and whether it matches the agent's certificate. */
export interface PrivateKey {
  readonly key: KeyObject;
  /** Whether the key belongs to the certificate; undefined when the certificate cannot be read. */
  readonly matchesCertificate: boolean | undefined;
}

/**
 * Loads the agent's private key (PKCS#1 or PKCS#8), and compares it with the certificate at a path.
 * @throws BadIdentity when the key is damaged, or is not an RSA key
 */
export async function loadPrivateKey(file: KeyFile, certificatePath: string): Promise<PrivateKey> {
  // Imported here, because loading node:crypto takes 2 ms, which must not delay the early
  // connection.
  const { createPrivateKey, X509Certificate } = await import('node:crypto');
  let key: KeyObject;
  try {
    key = createPrivateKey(file.text);
  } catch {
    // OpenSSL's own message is not helpful and differs between versions.
    throw notPrivateKeyError(file.path);
  }
  if (key.asymmetricKeyType !== 'rsa') {
    throw new BadIdentity([
      `${file.path} is a key of type ${key.asymmetricKeyType}, not RSA.`,
      "Restore the agent's own key, or register the agent again.",
    ]);
  }
  let matchesCertificate: boolean | undefined;
  try {
    const certificate = readAgentFile(certificatePath);
    matchesCertificate = certificate && new X509Certificate(certificate.text).checkPrivateKey(key);
  } catch {
    // The certificate cannot be read, so the key cannot be compared with it.
  }
  return { key, matchesCertificate };
}
