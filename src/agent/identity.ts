import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { BadIdentity, NotEnrolled } from '../errors.ts';
import type { Signer } from '../signing/sign.ts';
import { NoRegistration, readConfiguration } from './configuration.ts';
import { isLink } from './is-link.ts';
import { matchesCertificate, type PrivateKey, readPrivateKey } from './private-key.ts';
import { Unreadable } from './read-file.ts';
import { readTombstone, type Tombstone } from './tombstone.ts';
import { waitAdvice } from './wait-advice.ts';

/** This very registration was removed from JumpCloud by an earlier run. */
export class AlreadyRemoved extends NotEnrolled {
  readonly systemId: string;

  constructor({ systemKey, removedAt }: Tombstone) {
    super(
      `System ${systemKey} was removed from JumpCloud at ${removedAt}. Register the agent anew to manage this host again.`,
      { details: { system_id: systemKey, removed_at: removedAt } },
    );
    this.systemId = systemKey;
  }
}

/** Who this host is to JumpCloud. */
export interface Identity extends Signer {
  readonly agentDir: string;
  readonly agentServerHost: string | undefined;
  /** Undefined when there is no usable client.crt to compare with. */
  readonly keyMatchesCertificate: boolean | undefined;
  readonly warnings: readonly string[];
}

/**
 * Reads this host's identity from the agent's folder, after `waited` seconds of waiting for it.
 * @throws NotEnrolled when the agent has not registered, or this system was removed
 * @throws BadIdentity when the files cannot serve
 */
export function readIdentity(agentDir: string, waited = 0): Identity {
  requireFolder(agentDir, waited);
  const { systemKey, agentServerHost } = readConfiguration(join(agentDir, 'jcagent.conf'), waited);
  const { key, warnings } = readKey(agentDir, systemKey, waited);
  const keyMatchesCertificate = matchesCertificate(key, join(agentDir, 'client.crt'));
  if (keyMatchesCertificate === false) {
    throw new BadIdentity(
      `${join(agentDir, 'client.key')} does not belong to client.crt beside it: one of them comes from another registration. Restore both, or register the agent anew.`,
    );
  }
  return {
    agentDir,
    systemId: systemKey,
    privateKey: key,
    agentServerHost,
    keyMatchesCertificate,
    warnings,
  };
}

/** A removal at the same time leaves its tombstone before it deletes the key: looked for behind. */
function readKey(agentDir: string, systemKey: string, waited: number): PrivateKey {
  try {
    return readPrivateKey(join(agentDir, 'client.key'), waited);
  } finally {
    requireNotRemoved(agentDir, systemKey);
  }
}

function requireNotRemoved(agentDir: string, systemKey: string): void {
  const tombstone = readTombstone(agentDir);
  if (tombstone?.systemKey === systemKey) throw new AlreadyRemoved(tombstone);
}

function requireFolder(agentDir: string, waited: number): void {
  const install = `Install the JumpCloud agent, or say with agent_dir where it is. ${waitAdvice(waited)}`;
  let stat: Stats | undefined;
  try {
    stat = statSync(agentDir, { throwIfNoEntry: false });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES') {
      throw new Unreadable(`No permission to look into ${agentDir}. Run as root.`);
    }
    if (code !== 'ENOTDIR') {
      throw new BadIdentity(
        `${agentDir} could not be read: ${code}. Correct it, or say with agent_dir where the agent is.`,
      );
    }
  }
  if (stat === undefined && isLink(agentDir)) {
    throw new BadIdentity(
      `${agentDir} is a link that leads nowhere. Mount what it leads to or correct it, or say with agent_dir where the agent is.`,
    );
  }
  if (stat === undefined) throw new NoRegistration(`${agentDir} does not exist. ${install}`);
  if (!stat.isDirectory()) {
    throw new NoRegistration(`${agentDir} is not a folder, so there is no agent in it. ${install}`);
  }
}
