import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { readAgentFile } from './read-agent-file.ts';
import { waitAdvice } from './wait-advice.ts';

/** The file with the agent's private key. */
export interface KeyFile {
  readonly path: string;
  /** Holds what begins as a private key in PEM form does, and is not encrypted. */
  readonly text: string;
  readonly warnings: readonly string[];
}

const WORLD_READABLE = 0o004;

/** PKCS#8 says so in its first line, PKCS#1 in the one after it. Text around a key says nothing. */
const ENCRYPTED =
  /^-----BEGIN (ENCRYPTED PRIVATE KEY-----|[A-Z ]*PRIVATE KEY-----\s+Proc-Type:\s*4,\s*ENCRYPTED)/m;

/**
 * Reads the file with the agent's private key, after `waited` seconds of waiting for it.
 * @throws NotEnrolled when there is none
 * @throws BadIdentity when it cannot be read, is encrypted, or no private key begins in it
 */
export function readKeyFile(path: string, waitedSeconds = 0): KeyFile {
  const file = readAgentFile(path);
  if (file === undefined) {
    throw new NotEnrolled(
      `${path} does not exist: the agent has not finished registering, or its key was deleted: then register the agent anew. ${waitAdvice(waitedSeconds)}`,
    );
  }
  const { text, mode } = file;
  if (ENCRYPTED.test(text)) {
    throw new BadIdentity(`${path} is encrypted; the agent's own key never is. Restore it.`);
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw notPrivateKeyError(path);
  const warnings =
    mode & WORLD_READABLE
      ? [`${path} can be read by every user of this host; run: chmod 600 ${path}`]
      : [];
  return { path, text, warnings };
}

/** The failure for what holds no private key. */
export function notPrivateKeyError(path: string): BadIdentity {
  return new BadIdentity(
    `${path} does not hold a private key in PEM form (PKCS#1 or PKCS#8). Restore it, or register the agent anew.`,
  );
}
