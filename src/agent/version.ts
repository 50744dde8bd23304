import { join } from 'node:path';
import { readAgentFile } from './read-agent-file.ts';

/** Returns the agent's version from version.txt; undefined when it cannot be read. */
export function agentVersion(agentDir: string): string | undefined {
  try {
    const text = readAgentFile(join(agentDir, 'version.txt'))?.text.trim() ?? '';
    return /^[\w.+~-]{1,64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
