import { readSystem, type SystemRecord } from '../../api/systems.ts';
import type { Concern } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { reportRecord } from './record-report.ts';
import {
  attributesOf,
  bodyOf,
  disagreeing,
  type Field,
  managedFields,
  type SystemSettings,
  type SystemWish,
  withChanges,
} from './system-fields.ts';
import { systemWriter } from './system-writer.ts';

/** This host's own record as a concern. */
export function systemConcern(
  session: HostSession,
  wish: SystemWish,
): Concern<SystemRecord, Field> {
  const report = (seen: SystemRecord, reapplied = 0) => ({
    ...reportRecord(seen),
    ...(wish.settle > 0 && { reapplied }),
  });
  const progress = (seen: SystemRecord, done: readonly Field[], reapplied = 0) => ({
    changed: done.length > 0,
    ...report(seen, reapplied),
  });

  return {
    read: () => readSystem(session),
    progress: (seen, done) => progress(seen, done),

    plan(before) {
      const changes = disagreeing(wish, before);
      return { changes, after: withChanges(before, bodyOf(changes)) };
    },

    async apply(run, { changes }, before) {
      const writer = systemWriter(session, wish, run, before);
      run.report.done(() => progress(writer.seen(), writer.done(), writer.reapplied()));
      await writer.write(changes);
      return writer.settle();
    },

    managed: (seen) =>
      Object.fromEntries(
        managedFields(wish, seen).map(({ option, current }) => [
          option,
          option === 'attributes' ? managedAttributes(wish, seen) : current,
        ]),
      ),

    report: (after) => report(after),

    sentence(done, isPrediction) {
      if (done.length === 0) return 'Nothing to change.';
      const names = done.map(({ option }) => option).join(', ');
      return isPrediction ? `Would change ${names}.` : `Changed ${names}.`;
    },
  };
}

/** Attributes that nobody named are not managed, unless they are to be purged. */
function managedAttributes(
  wish: SystemSettings,
  seen: SystemRecord,
): Record<string, string | null> {
  const managed = attributesOf(seen).filter(
    ({ name }) => wish.purge_attributes || wish.attributes?.has(name),
  );
  return Object.fromEntries(managed.map(({ name, value }) => [name, value ?? null]));
}
