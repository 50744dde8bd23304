import { listIdentityFiles } from '../../agent/purge.ts';
import type { MissingOrDenied } from '../../api/systems.ts';
import { type ModuleError, NotFound, Unauthorized } from '../../base/errors.ts';
import type { HostSession } from '../../transport/host-session.ts';

/**
 * The known result of earlier DELETEs of this host's record: none was sent, JumpCloud denied one,
 * or the answer to one was lost.
 */
export type DeleteHistory = 'none' | 'denied' | 'lost';

/**
 * Returns the error for a removal if nothing proves that the record is gone. Returns undefined if
 * no proof is needed. The message reports JumpCloud's answers, and never claims a deletion.
 */
export function unprovenRemovalError(
  session: HostSession,
  { error }: MissingOrDenied,
  history: DeleteHistory,
  purge: boolean,
): ModuleError | undefined {
  const isMissing = error instanceof NotFound;
  if (isMissing && !purge) return undefined;
  // The error for a 401 already lists the possible causes.
  if (!isMissing && history === 'none') return error;
  const { systemId, agentDir } = session.identity;
  const status = isMissing ? 404 : 401;
  const observation = {
    none: `JumpCloud answers ${status}, and has not accepted this host's key at ${session.origin} in this run`,
    denied: `JumpCloud accepted this host at first, then denied the DELETE, and now answers ${status}`,
    lost: `the answer to a DELETE was lost, and JumpCloud now answers ${status} without a usable Date header, so a wrong clock on this host is not ruled out`,
  }[history];
  const advice =
    history === 'none'
      ? 'Check region and api_url.'
      : 'Run again, and check in the Admin Portal whether the system still exists.';
  const manualAdvice = purge
    ? ` If the Admin Portal no longer lists the system, delete these files by hand: ${listIdentityFiles(agentDir).join(', ')}.`
    : '';
  return new Unauthorized(
    [
      `Could not remove system ${systemId}: ${observation}. That is no proof that the record is gone, so the host keeps its key.`,
      `${advice}${manualAdvice}`,
    ],
    { details: { status } },
  );
}
