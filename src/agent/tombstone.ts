import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readOwnObject } from './read-file.ts';
import { replaceFile } from './write-file-atomic.ts';

/** What a removed host keeps, so that a later run knows that it was removed. */
export interface Tombstone {
  readonly systemKey: string;
  /** ISO 8601, UTC. */
  readonly removedAt: string;
}

const TOMBSTONE = '.removed-from-jumpcloud';

/**
 * Stands while a removal is under way. JumpCloud answers 401 for a record that is gone, as it
 * does for a wrong clock: only this tells a run after a crash that the 401 is its own work.
 */
const UNDER_WAY = '.removing-from-jumpcloud';

/** The tombstone in the agent's folder; undefined when there is none, or none that can be used. */
export function readTombstone(agentDir: string): Tombstone | undefined {
  const { system_key: systemKey, removed_at: removedAt } = readOwnObject(join(agentDir, TOMBSTONE));
  if (typeof systemKey !== 'string' || typeof removedAt !== 'string') return undefined;
  return { systemKey: systemKey.toLowerCase(), removedAt };
}

/** Leaves a tombstone. Throws what the file system throws. */
export function writeTombstone(agentDir: string, { systemKey, removedAt }: Tombstone): void {
  write(join(agentDir, TOMBSTONE), { system_key: systemKey, removed_at: removedAt });
}

/**
 * Whether a removal of this system was begun at this address of the API, and neither ended nor
 * given up. Elsewhere, in another region, a 401 would mean nothing.
 */
export function isRemovalUnderWay(agentDir: string, systemKey: string, apiUrl: string): boolean {
  const note = readOwnObject(join(agentDir, UNDER_WAY));
  return note['system_key'] === systemKey && note['api_url'] === apiUrl;
}

/** Notes that a removal begins. Throws what the file system throws. */
export function beginRemoval(agentDir: string, systemKey: string, apiUrl: string): void {
  write(join(agentDir, UNDER_WAY), { system_key: systemKey, api_url: apiUrl });
}

/** Notes that a removal ended or was given up. What cannot be deleted stays. */
export function endRemoval(agentDir: string): void {
  try {
    rmSync(join(agentDir, UNDER_WAY), { force: true });
  } catch {
    // The folder cannot be written, so no tombstone could be left either, and that is told.
  }
}

function write(path: string, content: object): void {
  replaceFile(path, `${JSON.stringify(content)}\n`);
}
