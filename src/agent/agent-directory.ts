import { type Stats, statSync } from 'node:fs';
import { BadIdentity } from '../base/errors.ts';
import { NoRegistration } from './configuration.ts';
import { isLink } from './is-link.ts';
import { AgentFileError } from './read-agent-file.ts';
import { waitAdvice } from './wait-advice.ts';

/**
 * Checks that the agent's directory exists. `waitedSeconds` is the time already spent on waiting.
 * @throws NoRegistration when there is no such directory
 * @throws BadIdentity when the path cannot be followed
 */
export function requireAgentDirectory(agentDir: string, waitedSeconds: number): void {
  const install = `Install the JumpCloud agent, or set agent_dir to its directory. ${waitAdvice(waitedSeconds)}`;
  let stat: Stats | undefined;
  try {
    stat = statSync(agentDir, { throwIfNoEntry: false });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EACCES') {
      throw new AgentFileError([`No permission to read ${agentDir}.`, 'Run as root.']);
    }
    if (code !== 'ENOTDIR') {
      throw new BadIdentity([
        `${agentDir} could not be read: ${code}.`,
        "Correct it, or set agent_dir to the agent's directory.",
      ]);
    }
  }
  if (stat === undefined && isLink(agentDir)) {
    throw new BadIdentity([
      `${agentDir} is a link that leads nowhere.`,
      "Mount its target or correct it, or set agent_dir to the agent's directory.",
    ]);
  }
  if (stat === undefined) throw new NoRegistration([`${agentDir} does not exist.`, install]);
  if (!stat.isDirectory()) {
    throw new NoRegistration([
      `${agentDir} is not a directory, so there is no agent in it.`,
      install,
    ]);
  }
}
