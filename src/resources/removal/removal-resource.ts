import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { AgentStopper } from './agent-stopper.ts';
import { edgesRemovalResource } from './all-edges-resource.ts';
import { recordRemovalResource } from './record-resource.ts';
import type { RemovalState, RemovedObject } from './removal-base.ts';
import type { RemovalOptions } from './removal-options.ts';

/**
 * Returns the resource for the option `scope`: the removal of the record, or of all associations.
 */
export function removalResource(
  session: HostSession,
  options: RemovalOptions,
  agent: AgentStopper,
): Resource<RemovalState, RemovedObject> {
  return options.scope === 'system'
    ? recordRemovalResource(session, options, agent)
    : edgesRemovalResource(session, agent);
}
