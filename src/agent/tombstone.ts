import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFile } from './read-file.ts';

/** What a removed host keeps, so that a later run knows that it was removed. */
export interface Tombstone {
  readonly systemKey: string;
  /** ISO 8601, UTC. */
  readonly removedAt: string;
}

const NAME = '.removed-from-jumpcloud';

/** The tombstone in the agent's folder; undefined when there is none, or none that can be used. */
export function readTombstone(agentDir: string): Tombstone | undefined {
  try {
    const value: unknown = JSON.parse(readFile(join(agentDir, NAME))?.text ?? 'null');
    const { system_key: systemKey, removed_at: removedAt } = Object(value);
    if (typeof systemKey !== 'string' || typeof removedAt !== 'string') return undefined;
    return { systemKey: systemKey.toLowerCase(), removedAt };
  } catch {
    return undefined;
  }
}

/** Leaves a tombstone. Throws what the file system throws. */
export function writeTombstone(agentDir: string, tombstone: Tombstone): void {
  const content = { system_key: tombstone.systemKey, removed_at: tombstone.removedAt };
  writeFileSync(join(agentDir, NAME), `${JSON.stringify(content)}\n`, { mode: 0o600 });
}
