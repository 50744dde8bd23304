import { type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { NoRegistration, readConfiguration } from './configuration.ts';
import { type Identity, identityOf, type KeyHolder } from './identity.ts';
import { isLink } from './is-link.ts';
import { type KeyFile, readKeyFile } from './key-file.ts';
import { AgentFileError } from './read-agent-file.ts';
import { readTombstone, type Tombstone } from './tombstone.ts';
import { waitAdvice } from './wait-advice.ts';

/** This very registration was removed from JumpCloud by an earlier run. */
export class AlreadyRemoved extends NotEnrolled {
  readonly systemId: string;

  constructor({ path, systemKey, removedAt }: Tombstone) {
    super(
      `System ${systemKey} was removed from JumpCloud at ${removedAt}, says ${path}. Register the agent again to manage this host.`,
      { details: { system_id: systemKey, removed_at: removedAt, path } },
    );
    this.systemId = systemKey;
  }
}

/** As what the agent registered this host, by its files. */
export interface Registration extends KeyHolder {
  readonly agentServerHost: string | undefined;
  /**
   * What it proves itself with. The key is looked at once, however often it is asked for.
   * @throws BadIdentity when the key cannot serve
   */
  identity(): Promise<Identity>;
}

/**
 * Reads this host's registration from the agent's folder, after `waited` seconds of waiting for it.
 * `onSystemId` gets the system's id once it is known, before anything else can fail.
 * @throws NotEnrolled when the agent has not registered, or this system was removed
 * @throws BadIdentity when the files cannot serve
 */
export function readRegistration(
  agentDir: string,
  waitedSeconds = 0,
  onSystemId: (systemId: string) => void = () => {},
): Registration {
  requireDirectory(agentDir, waitedSeconds);
  const { systemKey, agentServerHost } = readConfiguration(
    join(agentDir, 'jcagent.conf'),
    waitedSeconds,
  );
  onSystemId(systemKey);
  const keyFile = readKey(agentDir, systemKey, waitedSeconds);
  const registered = { agentDir, systemId: systemKey, agentServerHost, keyFile };
  let identity: Promise<Identity> | undefined;
  return {
    ...registered,
    identity() {
      identity ??= identityOf(registered);
      return identity;
    },
  };
}

/** A removal at the same time leaves its tombstone before it deletes the key: looked for behind. */
function readKey(agentDir: string, systemKey: string, waitedSeconds: number): KeyFile {
  try {
    return readKeyFile(join(agentDir, 'client.key'), waitedSeconds);
  } finally {
    requireNotRemoved(agentDir, systemKey);
  }
}

function requireNotRemoved(agentDir: string, systemKey: string): void {
  const tombstone = readTombstone(agentDir);
  if (tombstone?.systemKey === systemKey) throw new AlreadyRemoved(tombstone);
}

function requireDirectory(agentDir: string, waitedSeconds: number): void {
  const install = `Install the JumpCloud agent, or say with agent_dir where it is. ${waitAdvice(waitedSeconds)}`;
  let stat: Stats | undefined;
  try {
    stat = statSync(agentDir, { throwIfNoEntry: false });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES') {
      throw new AgentFileError(`No permission to look into ${agentDir}. Run as root.`);
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
