import type { KeyObject } from 'node:crypto';
import { BadIdentity } from '../base/errors.ts';
import { type KeyFile, notPrivateKeyError } from './key-file.ts';
import { readAgentFile } from './read-agent-file.ts';

/** The agent's key, and what its certificate says of it. */
export interface PrivateKey {
  readonly key: KeyObject;
  /**
   * Whether the certificate belongs to it; undefined when there is no certificate, or none that can be
   * read: requests do not need it.
   */
  readonly matchesCertificate: boolean | undefined;
}

/**
 * The agent's private key, PKCS#1 or PKCS#8, and whether it belongs to the certificate at a path.
 * @throws BadIdentity when it is damaged, or not an RSA key
 */
export async function loadPrivateKey(file: KeyFile, certificatePath: string): Promise<PrivateKey> {
  // It takes 2 ms to be loaded, and nothing needs it before this host dials.
  const { createPrivateKey, X509Certificate } = await import('node:crypto');
  let key: KeyObject;
  try {
    key = createPrivateKey(file.text);
  } catch {
    // OpenSSL's own message helps nobody and differs between versions.
    throw notPrivateKeyError(file.path);
  }
  if (key.asymmetricKeyType !== 'rsa') {
    throw new BadIdentity(
      `${file.path} is a key of type ${key.asymmetricKeyType}, not RSA. Restore the agent's own key.`,
    );
  }
  let matchesCertificate: boolean | undefined;
  try {
    const certificate = readAgentFile(certificatePath);
    matchesCertificate = certificate && new X509Certificate(certificate.text).checkPrivateKey(key);
  } catch {
    // What cannot be read cannot be compared with.
  }
  return { key, matchesCertificate };
}
