import { type Stats, statSync } from 'node:fs';
import { BadIdentity } from '../base/errors.ts';
import { NoRegistration } from './configuration.ts';
import { isLink } from './is-link.ts';
import { AgentFileError } from './read-agent-file.ts';
import { waitAdvice } from './wait-advice.ts';

/**
 * Checks that the agent's directory exists. `waitedSeconds` is the time that the run has already
 * waited for the registration.
 * @throws NoRegistration when the directory does not exist
 * @throws BadIdentity when the path is a dangling symbolic link or cannot be read
 */
export function requireAgentDirectory(agentDir: string, waitedSeconds: number): void {
  const advice = `Install the JumpCloud agent, or set agent_dir to its directory. ${waitAdvice(waitedSeconds)}`;
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
        "Correct the path, or set agent_dir to the agent's directory.",
      ]);
    }
  }
  if (stat === undefined && isLink(agentDir)) {
    throw new BadIdentity([
      `${agentDir} is a dangling symbolic link.`,
      "Mount its target, correct the link, or set agent_dir to the agent's directory.",
    ]);
  }
  if (stat === undefined) throw new NoRegistration([`${agentDir} does not exist.`, advice]);
  if (!stat.isDirectory()) {
    throw new NoRegistration([
      `${agentDir} is not a directory, so it cannot contain the agent.`,
      advice,
    ]);
  }
}
