import { readSystem, type SystemRecord } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { reportRecord } from './record-report.ts';
import {
  attributesOf,
  type DesiredSystem,
  drift,
  type Field,
  managedFields,
  putBody,
  recordAfter,
  type SystemSettings,
} from './system-fields.ts';
import { systemWriter } from './system-writer.ts';

/** This host's own record as a concern. */
export function systemResource(
  session: HostSession,
  desired: DesiredSystem,
): Resource<SystemRecord, Field> {
  const report = (seen: SystemRecord, reapplied = 0) => ({
    ...reportRecord(seen),
    ...(desired.settle > 0 && { reapplied }),
  });
  const progress = (seen: SystemRecord, done: readonly Field[], reapplied = 0) => ({
    changed: done.length > 0,
    ...report(seen, reapplied),
  });

  return {
    read: () => readSystem(session),
    progress: (seen, done) => progress(seen, done),

    plan(before) {
      const changes = drift(desired, before);
      return { changes, after: recordAfter(before, putBody(changes)) };
    },

    async apply(run, { changes }, before) {
      const writer = systemWriter(session, desired, run, before);
      run.report.setProgress(() => progress(writer.seen(), writer.done(), writer.reapplied()));
      await writer.write(changes);
      return writer.settle();
    },

    diffView: (seen) =>
      Object.fromEntries(
        managedFields(desired, seen).map(({ option, current }) => [
          option,
          option === 'attributes' ? managedAttributes(desired, seen) : current,
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

/** Attributes that nobody named are not managed, unless they are to be purged. */
function managedAttributes(
  desired: SystemSettings,
  seen: SystemRecord,
): Record<string, string | null> {
  const managed = attributesOf(seen).filter(
    ({ name }) => desired.purge_attributes || desired.attributes?.has(name),
  );
  return Object.fromEntries(managed.map(({ name, value }) => [name, value ?? null]));
}
