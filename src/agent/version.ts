import { join } from 'node:path';
import { readAgentFile } from './read-agent-file.ts';

/** The agent's version as version.txt tells it; undefined when it does not. */
export function agentVersion(agentDir: string): string | undefined {
  try {
    const text = readAgentFile(join(agentDir, 'version.txt'))?.text.trim() ?? '';
    return /^[\w.+~-]{1,64}$/.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}
