import { join } from 'node:path';
import { NotEnrolled } from '../base/errors.ts';
import { requireAgentDirectory } from './agent-directory.ts';
import { readConfiguration } from './configuration.ts';
import { type Identity, type IdentitySource, loadIdentity } from './identity.ts';
import { type KeyFile, readKeyFile } from './key-file.ts';
import { readTombstone, type Tombstone } from './tombstone.ts';

/**
 * The error for a host whose record an earlier run removed from JumpCloud. That run left a
 * tombstone.
 */
export class AlreadyRemoved extends NotEnrolled {
  readonly systemId: string;

  constructor({ path, systemKey, removedAt }: Tombstone) {
    super(
      [
        `System ${systemKey} was removed from JumpCloud at ${removedAt}, according to ${path}.`,
        'Register the agent again to manage this host.',
      ],
      { details: { system_id: systemKey, removed_at: removedAt, path } },
    );
    this.systemId = systemKey;
  }
}

/** This host's registration, as read from the agent's files. */
export interface Registration extends IdentitySource {
  readonly agentServerHost: string | undefined;
  /**
   * Loads the host's private key. Repeated calls load it only once.
   * @throws BadIdentity when the key cannot be used
   */
  identity(): Promise<Identity>;
}

/**
 * Reads this host's registration from the agent's directory. `waitedSeconds` is the time that the
 * run has already waited for it. Calls `onSystemId` as soon as the system id is known, even if a
 * later step fails.
 * @throws NotEnrolled when the agent has not registered, or this system was removed
 * @throws BadIdentity when the agent's files cannot be used
 */
export function readRegistration(
  agentDir: string,
  waitedSeconds = 0,
  onSystemId: (systemId: string) => void = () => {},
): Registration {
  requireAgentDirectory(agentDir, waitedSeconds);
  const { systemKey, agentServerHost } = readConfiguration(
    join(agentDir, 'jcagent.conf'),
    waitedSeconds,
  );
  onSystemId(systemKey);
  const keyFile = readKey(agentDir, systemKey, waitedSeconds);
  const source = { agentDir, systemId: systemKey, agentServerHost, keyFile };
  let identity: Promise<Identity> | undefined;
  return {
    ...source,
    identity() {
      identity ??= loadIdentity(source);
      return identity;
    },
  };
}

/**
 * Reads the private key, then checks for a tombstone. The order matters: a concurrent removal
 * writes the tombstone before it deletes the key.
 */
function readKey(agentDir: string, systemKey: string, waitedSeconds: number): KeyFile {
  try {
    return readKeyFile(join(agentDir, 'client.key'), waitedSeconds);
  } finally {
    requireNotRemoved(agentDir, systemKey);
  }
}

/**
 * Checks that no tombstone exists for this system.
 * @throws AlreadyRemoved when an earlier run has removed this system
 */
export function requireNotRemoved(agentDir: string, systemKey: string): void {
  const tombstone = readTombstone(agentDir);
  if (tombstone?.systemKey === systemKey) throw new AlreadyRemoved(tombstone);
}
