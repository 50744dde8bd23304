import { readSystem, type SystemRecord } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { attributesOf } from './attributes.ts';
import { reportRecord } from './record-report.ts';
import {
  buildPutBody,
  type DesiredSystem,
  findDrift,
  listManagedFields,
  type ManagedField,
  predictRecord,
  type SystemSettings,
} from './system-fields.ts';

/** Returns the resource that manages the settings in this host's record. */
export function systemResource(
  session: HostSession,
  desired: DesiredSystem,
): Resource<SystemRecord, ManagedField> {
  const report = (observed: SystemRecord, reapplied = 0) => ({
    ...reportRecord(observed),
    ...(desired.settle > 0 && { reapplied }),
  });
  const progress = (observed: SystemRecord, done: readonly ManagedField[], reapplied = 0) => ({
    changed: done.length > 0,
    ...report(observed, reapplied),
  });

  return {
    read: () => readSystem(session),
    progress: (observed, done) => progress(observed, done),

    plan(before) {
      const changes = findDrift(desired, before);
      return { changes, after: predictRecord(before, buildPutBody(changes)) };
    },

    async apply(run, { changes }, before) {
      if (changes.length === 0 && desired.settle === 0) return { done: [], after: before };
      const { systemWriter } = await import('./system-writer.ts');
      const writer = systemWriter(session, desired, run, before);
      run.report.setProgress(() => progress(writer.latest(), writer.done(), writer.reapplied()));
      await writer.write(changes);
      return writer.settle();
    },

    diffView: (observed) =>
      Object.fromEntries(
        listManagedFields(desired, observed).map(({ option, current }) => [
          option,
          option === 'attributes' ? managedAttributes(desired, observed) : current,
        ]),
      ),

    report: (after) => report(after),

    summary(done, isPrediction) {
      if (done.length === 0) return 'Nothing to change.';
      const names = done.map(({ option }) => option).join(', ');
      return isPrediction ? `Would change ${names}.` : `Changed ${names}.`;
    },
  };
}

/**
 * Returns the custom attributes that the options manage: the attributes that they name or, with
 * `purge_attributes`, all attributes.
 */
function managedAttributes(
  desired: SystemSettings,
  observed: SystemRecord,
): Record<string, string | null> {
  const managed = attributesOf(observed).filter(
    ({ name }) => desired.purge_attributes || desired.attributes?.has(name),
  );
  return Object.fromEntries(managed.map(({ name, value }) => [name, value ?? null]));
}
