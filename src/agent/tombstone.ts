import { join } from 'node:path';
import { readStateFile } from './read-agent-file.ts';
import { replaceFile } from './write-file-atomic.ts';

/** What a removed host keeps, so that a later run knows that it was removed. */
export interface Tombstone {
  readonly path: string;
  readonly systemKey: string;
  /** ISO 8601, UTC. */
  readonly removedAt: string;
}

/** Returns the tombstone in the agent's directory; undefined when there is none, or a broken one. */
export function readTombstone(agentDir: string): Tombstone | undefined {
  const path = tombstonePath(agentDir);
  const { system_key: systemKey, removed_at: removedAt } = readStateFile(path);
  if (typeof systemKey !== 'string' || typeof removedAt !== 'string') return undefined;
  // It is quoted in messages.
  if (!/^[\w.:+-]{1,40}$/.test(removedAt)) return undefined;
  return { path, systemKey: systemKey.toLowerCase(), removedAt };
}

/** Whether a tombstone of this system is in the agent's directory. */
export function hasTombstone(agentDir: string, systemKey: string): boolean {
  return readTombstone(agentDir)?.systemKey === systemKey;
}

/** Leaves a tombstone. Throws what the file system throws. */
export function writeTombstone(agentDir: string, systemKey: string): void {
  const content = { system_key: systemKey, removed_at: new Date().toISOString() };
  replaceFile(tombstonePath(agentDir), `${JSON.stringify(content)}\n`);
}

function tombstonePath(agentDir: string): string {
  return join(agentDir, '.removed-from-jumpcloud');
}
