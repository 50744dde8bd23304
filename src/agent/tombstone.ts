import { join } from 'node:path';
import { readStateFile } from './read-agent-file.ts';
import { replaceFile } from './write-file-atomic.ts';

/** The content of the tombstone, a file that records that this host was removed from JumpCloud. */
export interface Tombstone {
  readonly path: string;
  readonly systemKey: string;
  /** The time of the removal, in ISO 8601 and UTC. */
  readonly removedAt: string;
}

/** Reads the tombstone in the agent's directory; returns undefined when it is missing or broken. */
export function readTombstone(agentDir: string): Tombstone | undefined {
  const path = tombstonePath(agentDir);
  const { system_key: systemKey, removed_at: removedAt } = readStateFile(path);
  if (typeof systemKey !== 'string' || typeof removedAt !== 'string') return undefined;
  // Messages quote the time, so it must not contain arbitrary text.
  if (!/^[\w.:+-]{1,40}$/.test(removedAt)) return undefined;
  return { path, systemKey: systemKey.toLowerCase(), removedAt };
}

/** Returns whether the agent's directory contains the tombstone of a system. */
export function hasTombstone(agentDir: string, systemKey: string): boolean {
  return readTombstone(agentDir)?.systemKey === systemKey;
}

/** Writes the tombstone of a system. Throws the errors of the file system. */
export function writeTombstone(agentDir: string, systemKey: string): void {
  const content = { system_key: systemKey, removed_at: new Date().toISOString() };
  replaceFile(tombstonePath(agentDir), `${JSON.stringify(content)}\n`);
}

function tombstonePath(agentDir: string): string {
  return join(agentDir, '.removed-from-jumpcloud');
}
