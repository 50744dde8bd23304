import { join } from 'node:path';
import { readFile } from './read-file.ts';

/** The agent's version as version.txt tells it; undefined when it does not. */
export function agentVersion(agentDir: string): string | undefined {
  try {
    return readFile(join(agentDir, 'version.txt'))?.text.trim().slice(0, 64) || undefined;
  } catch {
    return undefined;
  }
}
