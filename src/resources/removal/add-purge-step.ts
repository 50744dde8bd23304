import { deleteIdentityFile } from '../../agent/purge.ts';
import { formatCount } from '../../base/printable.ts';
import type { Resource } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import { filesToPurge, type RegistrationSnapshot } from './files-to-purge.ts';
import type { RemovalState, RemovedObject } from './removal-base.ts';
import type { RemovalOptions } from './removal-options.ts';

/** The objects in JumpCloud and the files on this host that a removal deletes. */
interface PurgeState extends RemovalState {
  readonly files: readonly string[];
}

type RemovalChange = RemovedObject | { readonly purged: string };

/**
 * Adds a last step to a removal: with `purge_identity`, deletes the files of the agent's identity.
 */
export function addPurgeStep(
  run: Run,
  options: RemovalOptions,
  initial: RegistrationSnapshot,
  removal: Resource<RemovalState, RemovedObject>,
): Resource<PurgeState, RemovalChange> {
  const files = () => filesToPurge(run, options, initial);
  const progress = (after: PurgeState, done: readonly RemovalChange[]) => {
    const { removed, purged } = splitByKind(done);
    return { ...removal.progress?.(after, removed), purged, changed: done.length > 0 };
  };
  return {
    read: async () => ({
      ...(await removal.read(() => {})),
      files: files(),
    }),

    plan(before) {
      const { changes, after } = removal.plan(before);
      return {
        changes: [...changes, ...before.files.map((purged) => ({ purged }))],
        after: { ...after, files: [] },
      };
    },

    async apply(_, { after }, before) {
      const applied = await removal.apply(run, removal.plan(before), before);
      if (applied.failure !== undefined) return { ...applied, after };
      const done: RemovalChange[] = [...applied.done];
      run.report.setProgress(() => progress(after, done));
      // Lists the files again, because the agent may have registered again in the meantime.
      for (const path of files()) {
        if (deleteIdentityFile(path)) done.push({ purged: path });
      }
      return { done, after };
    },

    diffView: (state) => ({ ...removal.diffView(state), identity_files: state.files }),

    report(after, done) {
      const { removed, purged } = splitByKind(done);
      return { ...removal.report(after, removed), purged };
    },

    progress,

    summary(done, isPrediction) {
      const { removed, purged } = splitByKind(done);
      if (purged.length === 0) return removal.summary(removed, isPrediction);
      const first = removed.length > 0 ? `${removal.summary(removed, isPrediction)} ` : '';
      return `${first}${isPrediction ? 'Would purge' : 'Purged'} ${formatCount(purged.length, 'file')} of the agent's identity.`;
    },
  };
}

function splitByKind(done: readonly RemovalChange[]) {
  return {
    removed: done.flatMap((one) => ('purged' in one ? [] : [one])),
    purged: done.flatMap((one) => ('purged' in one ? [one.purged] : [])),
  };
}
