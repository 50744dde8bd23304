import { awaitRegistration } from '../../agent/await-registration.ts';
import { NoRegistration } from '../../agent/configuration.ts';
import { requirePurgeable } from '../../agent/purge.ts';
import { AlreadyRemoved, type Registration } from '../../agent/registration.ts';
import { requireSystem } from '../../agent/require-system.ts';
import { readTombstone } from '../../agent/tombstone.ts';
import { ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import { defineModule } from '../../module.ts';
import { reconcile } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import { withSessionForRegistration } from '../../transport/open-session.ts';
import { addPurgeStep } from './add-purge-step.ts';
import { agentStopper } from './agent-stopper.ts';
import { type RegistrationSnapshot, readKeyText } from './files-to-purge.ts';
import { noRecordResource } from './no-record-resource.ts';
import { checkRemovalOptions, type RemovalOptions, removalOptions } from './removal-options.ts';

/**
 * Removes this host, or all its associations, from JumpCloud. With `purge_identity`, also deletes
 * the files of the agent's identity, even if the host is not registered or was removed already.
 */
export const removal = defineModule({
  name: 'jumpcloud_removal',
  options: removalOptions,
  // Empty input may come from a broken pipe, which must not delete a record.
  refusesEmptyInput: true,
  rules: checkRemovalOptions,
  async run(options: RemovalOptions, run) {
    const { registration, initial } = await findRegistration(options, run);
    if (registration === undefined) {
      return reconcile(
        run,
        addPurgeStep(run, options, initial, noRecordResource(options.agent_dir)),
      );
    }
    // Checked before any request, so that a host whose files cannot be purged keeps its record.
    if (options.purge_identity) requirePurgeable(options.agent_dir);
    const agent = agentStopper(run, options.stop_agent);
    return withSessionForRegistration(run, registration, options, {
      requests: options.scope === 'system' ? 1 : 1 + ASSOCIATION_TYPES.length,
      do: (session) =>
        agent.during(async () => {
          const { removalResource } = await import('./removal-resource.ts');
          const resource = removalResource(session, options, agent);
          return reconcile(run, addPurgeStep(run, options, initial, resource));
        }),
    });
  },
});

/** This host's registration, as a run finds it at the start. */
interface FoundRegistration {
  /** The registration to remove; undefined when there is nothing to remove in JumpCloud. */
  readonly registration?: Registration;
  readonly initial: RegistrationSnapshot;
}

async function findRegistration(options: RemovalOptions, run: Run): Promise<FoundRegistration> {
  const { agent_dir } = options;
  try {
    const registration = await awaitRegistration(options, run);
    const { systemId, keyFile } = registration;
    return { registration, initial: { systemKey: systemId, systemId, key: keyFile.text } };
  } catch (error) {
    if (error instanceof NoRegistration) {
      const systemId = readTombstone(agent_dir)?.systemKey;
      return { initial: { systemKey: undefined, systemId, key: readKeyText(agent_dir) } };
    }
    if (!(error instanceof AlreadyRemoved)) throw error;
    requireSystem(options.system_id, error.systemId);
    const { systemId } = error;
    return { initial: { systemKey: systemId, systemId, key: readKeyText(agent_dir) } };
  }
}
