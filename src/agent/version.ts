import { join } from 'node:path';
import { readAgentFile } from './read-agent-file.ts';

/** Reads the agent's version from version.txt; returns undefined when the file cannot be read. */
export function readAgentVersion(agentDir: string): string | undefined {
  try {
    const text = readAgentFile(join(agentDir, 'version.txt'))?.text.trim() ?? '';
    return /^[\w.+~-]{1,64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
