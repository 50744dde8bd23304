import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { readAgentFile } from './read-agent-file.ts';
import { waitAdvice } from './wait-advice.ts';

/** The file with the agent's private key. */
export interface KeyFile {
  readonly path: string;
  /** The file's content. It contains the BEGIN line of an unencrypted private key. */
  readonly text: string;
  /** The permission bits of the file. */
  readonly mode: number;
}

/**
 * Matches an encrypted private key. PKCS#8 declares the encryption in the first line, PKCS#1 in the
 * second. Does not match the word ENCRYPTED elsewhere, for example in a comment.
 */
const ENCRYPTED_KEY =
  /^-----BEGIN (ENCRYPTED PRIVATE KEY-----|[A-Z ]*PRIVATE KEY-----\s+Proc-Type:\s*4,\s*ENCRYPTED)/m;

/**
 * Reads the file with the agent's private key. `waitedSeconds` is the time that the run has already
 * waited for the registration.
 * @throws NotEnrolled when the file does not exist
 * @throws BadIdentity when the file cannot be read, is encrypted, or contains no private key
 */
export function readKeyFile(path: string, waitedSeconds = 0): KeyFile {
  const file = readAgentFile(path);
  if (file === undefined) {
    throw new NotEnrolled([
      `${path} does not exist: the agent has not finished registering, or its key was deleted.`,
      `If the key was deleted, register the agent again. ${waitAdvice(waitedSeconds)}`,
    ]);
  }
  const { text, mode } = file;
  if (ENCRYPTED_KEY.test(text)) {
    throw new BadIdentity([
      `${path} is encrypted, but the agent never encrypts its key.`,
      'Restore it, or register the agent again.',
    ]);
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw notPrivateKeyError(path);
  return { path, text, mode };
}

/** Returns whether every user of this host can read a file. */
export function isWorldReadable({ mode }: Pick<KeyFile, 'mode'>): boolean {
  return (mode & 0o004) !== 0;
}

/** Returns the error for a file without a private key. */
export function notPrivateKeyError(path: string): BadIdentity {
  return new BadIdentity([
    `${path} does not hold a private key in PEM form (PKCS#1 or PKCS#8).`,
    'Restore it, or register the agent again.',
  ]);
}
