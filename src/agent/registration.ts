import { BadIdentity, NotEnrolled } from '../errors.ts';
import { monotonicMs } from '../monotonic-clock.ts';
import { pollUntil } from '../poll-until.ts';
import type { Run } from '../run.ts';
import { AlreadyRemoved, type Identity, readIdentity } from './identity.ts';
import { Unreadable } from './read-file.ts';

const LOOK_EVERY_MS = 500;

/**
 * This host's identity, waiting for the agent to finish registering for `timeout` seconds at
 * most. A half-written file counts as not finished.
 * @throws what readIdentity throws, once the time is up
 */
export async function identify(agentDir: string, timeout: number, run: Run): Promise<Identity> {
  const end = monotonicMs() + timeout * 1000;
  const look = () => {
    try {
      return readIdentity(agentDir);
    } catch (error) {
      if (!mayHeal(error)) throw error;
      return undefined;
    }
  };
  const identity = await pollUntil(run, look, {
    what: 'for the JumpCloud agent to register',
    delayMs: () => LOOK_EVERY_MS,
    leftMs: () => end - monotonicMs(),
  });
  // Looked for once more, to say what is missing and how long it was waited for.
  return identity ?? readIdentity(agentDir, timeout);
}

function mayHeal(error: unknown): boolean {
  if (error instanceof Unreadable || error instanceof AlreadyRemoved) return false;
  return error instanceof NotEnrolled || error instanceof BadIdentity;
}
