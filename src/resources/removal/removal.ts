import { awaitRegistration } from '../../agent/await-registration.ts';
import { NoRegistration } from '../../agent/configuration.ts';
import { purge, requirePurgeable } from '../../agent/purge.ts';
import { AlreadyRemoved, type Registration } from '../../agent/registration.ts';
import { requireSystem } from '../../agent/require-system.ts';
import { defineModule } from '../../module.ts';
import { ASSOCIATION_TYPES } from '../../named-kinds.ts';
import { counted } from '../../printable.ts';
import { type Concern, reconcile } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import { withSessionOf } from '../../transport/with-session.ts';
import { agentStop } from './agent-stop.ts';
import { filesToPurge, keyIn, type RegistrationTraits } from './files-to-purge.ts';
import { type RemovalOptions, removalOptions, removalRules } from './removal-options.ts';
import { removedAlready } from './removed-already.ts';
import type { Removed, Target } from './target.ts';

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
    const { registration, began } = await lookForRegistration(options, run);
    if (registration === undefined) {
      return reconcile(run, removing(run, options, began, removedAlready(options.agent_dir)));
    }
    requireSystem(options.system_id, registration.systemId);
    // Before anything is asked: a host that cannot be sealed keeps its record.
    if (options.purge_identity) requirePurgeable(options.agent_dir);
    const agent = agentStop(run, options.stop_agent);
    return withSessionOf(run, registration, options, {
      requests: options.scope === 'system' ? 1 : 1 + ASSOCIATION_TYPES.length,
      do: (session) =>
        agent.during(async () => {
          const { systemRecord, allAssociations } = await import('./targets.ts');
          return options.scope === 'system'
            ? reconcile(run, removing(run, options, began, systemRecord(session, options, agent)))
            : reconcile(run, removing(run, options, began, allAssociations(session, agent)));
        }),
    });
  },
});

/** As what this host is registered. */
interface Found {
  /** There when there may be something to remove still. */
  readonly registration?: Registration;
  readonly began: RegistrationTraits;
}

async function lookForRegistration(options: RemovalOptions, run: Run): Promise<Found> {
  const { agent_dir, registration_timeout } = options;
  try {
    const registration = await awaitRegistration(agent_dir, registration_timeout, run);
    const { systemId, keyFile } = registration;
    return { registration, began: { systemKey: systemId, key: keyFile.text } };
  } catch (error) {
    if (error instanceof NoRegistration) {
      return { began: { systemKey: undefined, key: keyIn(agent_dir) } };
    }
    if (!(error instanceof AlreadyRemoved)) throw error;
    requireSystem(options.system_id, error.systemId);
    return { began: { systemKey: error.systemId, key: keyIn(agent_dir) } };
  }
}

/** What is in JumpCloud and on this host's disk and is to go. */
interface Standing<Found> {
  readonly found: Found;
  readonly present: readonly Removed[];
  readonly files: readonly string[];
}

type Removal = Removed | { readonly purged: string };

function removing<Found>(
  run: Run,
  options: RemovalOptions,
  began: RegistrationTraits,
  target: Target<Found>,
): Concern<Standing<Found>, Removal> {
  const files = () => filesToPurge(run, options, began);
  return {
    async read() {
      const found = await target.read();
      return { found, present: target.present(found), files: files() };
    },

    plan: ({ found, present, files }) => ({
      changes: [...present, ...files.map((purged) => ({ purged }))],
      after: { found, present: [], files: [] },
    }),

    async apply(_, { after }, { found }) {
      const report = (done: readonly Removal[]) => run.report.done(progress(done));
      const done: Removal[] = [...(await target.remove(run, found, report))];
      // Once more, because the agent may have registered again since.
      purge(files(), (path) => {
        done.push({ purged: path });
        report(done);
      });
      return { done, after };
    },

    managed: ({ present, files }) => ({ present, identity_files: files }),

    report: (_, done) => sorted(done),
    progress: (_, done) => progress(done),

    sentence(done, isPrediction) {
      const { removed, purged } = sorted(done);
      const [remove, purge] = isPrediction
        ? ['Would remove', 'Would purge']
        : ['Removed', 'Purged'];
      const parts = [
        ...(removed.length > 0 ? [`${remove} ${describe(removed)}.`] : []),
        ...(purged.length > 0
          ? [`${purge} ${counted(purged.length, 'file')} of the agent's identity.`]
          : []),
      ];
      return parts.length > 0 ? parts.join(' ') : 'Nothing to remove.';
    },
  };
}

function progress(done: readonly Removal[]) {
  return { changed: done.length > 0, ...sorted(done) };
}

function sorted(done: readonly Removal[]) {
  return {
    removed: done.flatMap((one) => ('purged' in one ? [] : [one])),
    purged: done.flatMap((one) => ('purged' in one ? [one.purged] : [])),
  };
}

function describe(removed: readonly Removed[]): string {
  const [first] = removed;
  return removed.length === 1 && first?.type === 'system'
    ? `system ${first.id} from JumpCloud`
    : counted(removed.length, 'association');
}
