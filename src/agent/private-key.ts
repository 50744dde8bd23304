import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { BadIdentity, NotEnrolled } from '../errors.ts';
import { readFile } from './read-file.ts';
import { waitAdvice } from './wait-advice.ts';

/** The agent's key, and what was seen on the way. */
export interface PrivateKey {
  readonly key: KeyObject;
  readonly warnings: readonly string[];
}

const WORLD_READABLE = 0o004;

/**
 * Reads the agent's private key, PKCS#1 or PKCS#8, after `waited` seconds of waiting for it.
 * @throws NotEnrolled when there is none
 * @throws BadIdentity when it cannot be read, is encrypted, or is not an RSA key
 */
export function readPrivateKey(path: string, waited = 0): PrivateKey {
  const file = readFile(path);
  if (file === undefined) {
    throw new NotEnrolled(
      `${path} does not exist: the agent has not finished registering, or its key was deleted: then register the agent anew. ${waitAdvice(waited)}`,
    );
  }
  if (/ENCRYPTED/.test(file.text)) {
    throw new BadIdentity(`${path} is encrypted; the agent's own key never is. Restore it.`);
  }
  const key = parseKey(file.text, path);
  if (key.asymmetricKeyType !== 'rsa') {
    throw new BadIdentity(
      `${path} is a key of type ${key.asymmetricKeyType}, not RSA. Restore the agent's own key.`,
    );
  }
  const warnings =
    file.mode & WORLD_READABLE
      ? [`${path} can be read by every user of this host; run: chmod 600 ${path}`]
      : [];
  return { key, warnings };
}

/** OpenSSL's own message is left out: it helps nobody and differs between versions. */
function parseKey(text: string, path: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new BadIdentity(
      `${path} does not hold a private key in PEM form (PKCS#1 or PKCS#8). Restore it, or register the agent anew.`,
    );
  }
}

/**
 * Whether the certificate beside the key belongs to it; undefined when there is no certificate,
 * or none that can be read: requests do not need it.
 */
export function matchesCertificate(key: KeyObject, certificatePath: string): boolean | undefined {
  try {
    const file = readFile(certificatePath);
    return file && new X509Certificate(file.text).checkPrivateKey(key);
  } catch {
    return undefined;
  }
}
