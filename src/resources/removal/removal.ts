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
import { withRegistration } from '../../transport/open-session.ts';
import { agentStop } from './agent-stop.ts';
import { type RegistrationTraits, readKeyText } from './files-to-purge.ts';
import { type RemovalOptions, removalOptions, removalRules } from './removal-options.ts';
import { removedAlready } from './removed-already.ts';
import { withPurge } from './with-purge.ts';

/**
 * Takes this host out of JumpCloud, or out of all its associations. A host that is not
 * registered, or was removed already, is left as it is but for the files that were asked to go.
 */
export const removal = defineModule({
  name: 'jumpcloud_removal',
  options: removalOptions,
  // A pipe that broke must not delete a record.
  refusesEmptyInput: true,
  rules: removalRules,
  async run(options: RemovalOptions, run) {
    const { registration, initial } = await lookForRegistration(options, run);
    if (registration === undefined) {
      return reconcile(run, withPurge(run, options, initial, removedAlready(options.agent_dir)));
    }
    requireSystem(options.system_id, registration.systemId);
    // Before anything is asked: a host that cannot be sealed keeps its record.
    if (options.purge_identity) requirePurgeable(options.agent_dir);
    const agent = agentStop(run, options.stop_agent);
    return withRegistration(run, registration, options, {
      requests: options.scope === 'system' ? 1 : 1 + ASSOCIATION_TYPES.length,
      do: (session) =>
        agent.during(async () => {
          const { removalResource: removalConcern } = await import('./removal-resource.ts');
          const concern = removalConcern(session, options, agent);
          return reconcile(run, withPurge(run, options, initial, concern));
        }),
    });
  },
});

/** As what this host is registered. */
interface FoundRegistration {
  /** There when there may be something to remove still. */
  readonly registration?: Registration;
  readonly initial: RegistrationTraits;
}

async function lookForRegistration(options: RemovalOptions, run: Run): Promise<FoundRegistration> {
  const { agent_dir, registration_timeout } = options;
  try {
    const registration = await awaitRegistration(agent_dir, registration_timeout, run);
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
