import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pollUntil } from '../base/poll-until.ts';
import type { Run } from '../run.ts';
import { AgentFileError } from './read-agent-file.ts';
import { AlreadyRemoved, type Registration, readRegistration } from './registration.ts';

const POLL_INTERVAL_MS = 500;

/**
 * Returns this host's registration, after waiting up to `timeout` seconds for the agent to finish
 * it. With a timeout, also waits until the key is usable, because the agent may still be writing
 * it. Reports this host's system id.
 * @throws what readRegistration throws; with a timeout also what loading the identity throws
 */
export async function awaitRegistration(
  agentDir: string,
  timeout: number,
  run: Run,
): Promise<Registration> {
  const read = (waitedSeconds?: number) =>
    readRegistration(agentDir, waitedSeconds, (systemId) => run.report.setSystemId(systemId));
  if (timeout === 0) return read();
  const end = monotonicMs() + timeout * 1000;
  const readUsable = async () => {
    try {
      const registration = read();
      await registration.identity();
      return registration;
    } catch (error) {
      if (!mayBeTemporary(error)) throw error;
      return undefined;
    }
  };
  const registration = await pollUntil(run, readUsable, {
    what: 'for the JumpCloud agent to register',
    delayMs: () => POLL_INTERVAL_MS,
    leftMs: () => end - monotonicMs(),
  });
  if (registration !== undefined) return registration;
  // This last attempt throws an error with the time waited, unless the agent has just finished.
  const last = read(timeout);
  await last.identity();
  return last;
}

function mayBeTemporary(error: unknown): boolean {
  if (error instanceof AgentFileError || error instanceof AlreadyRemoved) return false;
  return error instanceof NotEnrolled || error instanceof BadIdentity;
}
