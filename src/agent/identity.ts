import { join } from 'node:path';
import { BadIdentity } from '../base/errors.ts';
import type { Signer } from '../signing/sign.ts';
import type { KeyFile } from './key-file.ts';
import { loadPrivateKey } from './private-key.ts';

/** This host's system id and key, which sign its requests to JumpCloud. */
export interface Identity extends Signer {
  readonly agentDir: string;
  /** Whether the key belongs to client.crt; undefined when there is no usable client.crt. */
  readonly keyMatchesCertificate: boolean | undefined;
}

/** A system id, and the file with its key. */
export interface IdentitySource {
  readonly agentDir: string;
  readonly systemId: string;
  readonly keyFile: KeyFile;
}

/**
 * Loads the key of a registered host.
 * @throws BadIdentity when the key cannot be used, or belongs to another registration
 */
export async function loadIdentity(source: IdentitySource): Promise<Identity> {
  const { agentDir, systemId, keyFile } = source;
  const { key, matchesCertificate } = await loadPrivateKey(keyFile, join(agentDir, 'client.crt'));
  if (matchesCertificate === false) {
    throw new BadIdentity([
      `${keyFile.path} does not belong to client.crt beside it: one of them comes from another registration.`,
      'Restore both, or register the agent again.',
    ]);
  }
  return { agentDir, systemId, privateKey: key, keyMatchesCertificate: matchesCertificate };
}
