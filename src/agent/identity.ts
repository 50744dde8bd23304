import { join } from 'node:path';
import { BadIdentity } from '../base/errors.ts';
import type { Signer } from '../signing/sign.ts';
import type { KeyFile } from './key-file.ts';
import { loadPrivateKey } from './private-key.ts';

/** This host's system id and private key. They sign its requests to JumpCloud. */
export interface Identity extends Signer {
  readonly agentDir: string;
  /**
   * Whether the private key belongs to client.crt; undefined when client.crt is missing or
   * unusable.
   */
  readonly keyMatchesCertificate: boolean | undefined;
}

/** The system id of a registered host, and the file with its private key. */
export interface IdentitySource {
  readonly agentDir: string;
  readonly systemId: string;
  readonly keyFile: KeyFile;
}

/**
 * Loads the private key of a registered host.
 * @throws BadIdentity when the key cannot be used, or belongs to another registration
 */
export async function loadIdentity(source: IdentitySource): Promise<Identity> {
  const { agentDir, systemId, keyFile } = source;
  const { key, matchesCertificate } = await loadPrivateKey(keyFile, join(agentDir, 'client.crt'));
  if (matchesCertificate === false) {
    throw new BadIdentity([
      `${keyFile.path} does not belong to client.crt in the same directory: one of the two comes from another registration.`,
      'Restore both files, or register the agent again.',
    ]);
  }
  return { agentDir, systemId, privateKey: key, keyMatchesCertificate: matchesCertificate };
}
