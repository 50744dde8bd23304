import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { AgentStop } from './agent-stop.ts';
import { allAssociations } from './all-associations.ts';
import type { RemovalState, Removed } from './removal-base.ts';
import type { RemovalOptions } from './removal-options.ts';
import { systemRecord } from './system-record.ts';

/** What a removal of this scope takes out of JumpCloud, as a concern. */
export function removalResource(
  session: HostSession,
  options: RemovalOptions,
  agent: AgentStop,
): Resource<RemovalState, Removed> {
  return options.scope === 'system'
    ? systemRecord(session, options, agent)
    : allAssociations(session, agent);
}
