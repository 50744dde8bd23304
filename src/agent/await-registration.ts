import { BadIdentity, NotEnrolled } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { pollUntil } from '../base/poll-until.ts';
import type { Run } from '../run.ts';
import { AgentFileError } from './read-agent-file.ts';
import { AlreadyRemoved, type Registration, readRegistration } from './registration.ts';
import { requireSystem } from './require-system.ts';

const POLL_INTERVAL_MS = 500;

/** The options for reading this host's registration. Times in seconds. */
export interface RegistrationOptions {
  readonly agent_dir: string;
  readonly registration_timeout: number;
  /** The id that the system of this host must have. */
  readonly system_id: string | undefined;
}

/**
 * Returns this host's registration. If `registration_timeout` is above 0, waits at most that long
 * for the agent to finish registering and for a usable key, because the agent may still be writing
 * the key file. Sets the result's `system_id`.
 * @throws InvalidArguments when this host is not the system that `system_id` names
 * @throws the errors of readRegistration and, if `registration_timeout` is above 0, the errors of
 * loading the key
 */
export async function awaitRegistration(
  options: RegistrationOptions,
  run: Run,
): Promise<Registration> {
  const registration = await awaitAnyRegistration(options, run);
  requireSystem(options.system_id, registration.systemId);
  return registration;
}

async function awaitAnyRegistration(
  { agent_dir: agentDir, registration_timeout: timeout }: RegistrationOptions,
  run: Run,
): Promise<Registration> {
  const readNow = (waitedSeconds?: number) =>
    readRegistration(agentDir, waitedSeconds, (systemId) => run.report.setSystemId(systemId));
  if (timeout === 0) return readNow();
  const deadlineMs = monotonicMs() + timeout * 1000;
  const readUsable = async () => {
    try {
      const registration = readNow();
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
    leftMs: () => deadlineMs - monotonicMs(),
  });
  if (registration !== undefined) return registration;
  // The last attempt throws an error that states the time waited, unless the agent has just
  // finished registering.
  const lastRead = readNow(timeout);
  await lastRead.identity();
  return lastRead;
}

function mayBeTemporary(error: unknown): boolean {
  if (error instanceof AgentFileError || error instanceof AlreadyRemoved) return false;
  return error instanceof NotEnrolled || error instanceof BadIdentity;
}
