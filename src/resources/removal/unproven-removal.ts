import { identityFiles } from '../../agent/purge.ts';
import type { RecordAbsence } from '../../api/systems.ts';
import { type ModuleError, NotFound, Unauthorized } from '../../base/errors.ts';
import type { HostSession } from '../../transport/host-session.ts';

/** What became of the DELETEs of this record, as far as is known. */
export type DeleteHistory = 'none' | 'denied' | 'lost';

/**
 * Returns the failure for a record that JumpCloud does not show, when nothing proves that it is gone;
 * undefined when that does no harm. Says what was answered, never that the record was deleted.
 */
export function unprovenRemoval(
  session: HostSession,
  { error }: RecordAbsence,
  sent: DeleteHistory,
  purge: boolean,
): ModuleError | undefined {
  const isMissing = error instanceof NotFound;
  if (isMissing && !purge) return undefined;
  // It lists what else may be the reason.
  if (!isMissing && sent === 'none') return error;
  const { systemId, agentDir } = session.identity;
  const status = isMissing ? 404 : 401;
  const what = {
    none: `JumpCloud answers ${status}, and has never accepted this host's key at ${session.origin}`,
    denied: `JumpCloud accepted this host at first, then denied the DELETE, and now answers ${status}`,
    lost: `the answer to a DELETE was lost, and JumpCloud now answers ${status} without a time to check this host's clock against`,
  }[sent];
  const advice =
    sent === 'none' ? 'Check region and api_url.' : 'Run again, and look into the Admin Portal.';
  const byHand = purge
    ? ` If it does not list the system any more, delete by hand: ${identityFiles(agentDir).join(', ')}.`
    : '';
  return new Unauthorized(
    `Could not remove system ${systemId}: ${what}. That is no proof that the record is gone, so the host keeps its key. ${advice}${byHand}`,
    { details: { status } },
  );
}
