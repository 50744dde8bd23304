import { BadIdentity, NotEnrolled } from '../errors.ts';
import { monotonicMs } from '../monotonic-clock.ts';
import { pause } from '../pause.ts';
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
  const start = monotonicMs();
  const left = () => timeout * 1000 - (monotonicMs() - start);
  let done: (() => void) | undefined;
  try {
    for (;;) {
      try {
        return readIdentity(agentDir);
      } catch (error) {
        if (!mayHeal(error) || left() <= 0) throw error;
      }
      done ??= run.waiting('for the JumpCloud agent to register', left());
      await pause(Math.min(LOOK_EVERY_MS, left()), run.signal);
    }
  } finally {
    done?.();
  }
}

function mayHeal(error: unknown): boolean {
  if (error instanceof Unreadable || error instanceof AlreadyRemoved) return false;
  return error instanceof NotEnrolled || error instanceof BadIdentity;
}
