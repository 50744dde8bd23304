import type { KeyObject } from 'node:crypto';
import { BadIdentity } from '../errors.ts';
import { type KeyFile, notAKey } from './key-file.ts';
import { readFile } from './read-file.ts';

// node:crypto takes 2 ms to be loaded, and nothing needs it before this host dials.

/**
 * The agent's private key, PKCS#1 or PKCS#8.
 * @throws BadIdentity when it is damaged, or not an RSA key
 */
export async function parseKey({ path, text }: KeyFile): Promise<KeyObject> {
  const { createPrivateKey } = await import('node:crypto');
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    // OpenSSL's own message helps nobody and differs between versions.
    throw notAKey(path);
  }
  if (key.asymmetricKeyType !== 'rsa') {
    throw new BadIdentity(
      `${path} is a key of type ${key.asymmetricKeyType}, not RSA. Restore the agent's own key.`,
    );
  }
  return key;
}

/**
 * Whether the certificate beside the key belongs to it; undefined when there is no certificate,
 * or none that can be read: requests do not need it.
 */
export async function matchesCertificate(
  key: KeyObject,
  certificatePath: string,
): Promise<boolean | undefined> {
  const { X509Certificate } = await import('node:crypto');
  try {
    const file = readFile(certificatePath);
    return file && new X509Certificate(file.text).checkPrivateKey(key);
  } catch {
    return undefined;
  }
}
