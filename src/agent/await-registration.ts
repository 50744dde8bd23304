import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pollUntil } from '../base/poll-until.ts';
import type { Run } from '../run.ts';
import { AgentFileError } from './read-agent-file.ts';
import { AlreadyRemoved, type Registration, readRegistration } from './registration.ts';

const POLL_INTERVAL_MS = 500;

/**
 * This host's registration, waiting for the agent to finish it for `timeout` seconds at most. A
 * half-written file counts as not finished, so where it may be waited for, the key has to serve, too.
 * Reports which system this host is.
 * @throws what readRegistration throws, and where it waits its identity, once the time is up
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
  const look = async () => {
    try {
      const registration = read();
      await registration.identity();
      return registration;
    } catch (error) {
      if (!mayBeTemporary(error)) throw error;
      return undefined;
    }
  };
  const registration = await pollUntil(run, look, {
    what: 'for the JumpCloud agent to register',
    delayMs: () => POLL_INTERVAL_MS,
    leftMs: () => end - monotonicMs(),
  });
  if (registration !== undefined) return registration;
  // Looked for once more, to say what is missing and how long it was waited for.
  const last = read(timeout);
  await last.identity();
  return last;
}

function mayBeTemporary(error: unknown): boolean {
  if (error instanceof AgentFileError || error instanceof AlreadyRemoved) return false;
  return error instanceof NotEnrolled || error instanceof BadIdentity;
}
