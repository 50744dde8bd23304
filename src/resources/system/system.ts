import {
  readSystem,
  type SystemChanges,
  type SystemRecord,
  updateSystem,
} from '../../api/systems.ts';
import { NotApplied } from '../../errors.ts';
import { defineModule } from '../../module.ts';
import { shorten } from '../../options/describe.ts';
import { type Concern, keeping } from '../../reconcile.ts';
import type { Session } from '../../transport/session.ts';
import { settle } from './settle.ts';
import { type Field, managedFields, type SystemSettings, withChanges } from './system-fields.ts';
import { type SystemOptions, systemOptions, systemRules } from './system-options.ts';

/** This host's own record: its settings and custom attributes. */
export const system = defineModule({
  name: 'jumpcloud_system',
  options: systemOptions,
  rules: systemRules,
  run: keeping(record),
});

function record(session: Session, options: SystemOptions): Concern<SystemRecord, Field> {
  return {
    read: () => readSystem(session),

    plan(before) {
      const changes = disagreeing(options, before);
      return { changes, after: withChanges(before, bodyOf(changes)) };
    },

    async apply(run, plan, before) {
      let after = before;
      const done = new Map<string, Field>();
      const write = async (changes: readonly Field[]) => {
        after = await updateSystem(session, bodyOf(changes));
        const ignored = disagreeing(options, after).map(({ option }) => option);
        for (const change of changes) {
          if (!ignored.includes(change.option)) done.set(change.option, change);
        }
        if (done.size > 0) run.report.done({ changed: true, system: after });
      };
      if (plan.changes.length > 0) await write(plan.changes);
      if (!hasToSettle(session, options, plan.changes, before)) {
        requireTaken(options, after);
        return { done: [...done.values()], after };
      }
      const settling = {
        seconds: options.settle,
        read: () => readSystem(session),
        disagreeing: (seen: SystemRecord) => disagreeing(options, seen).map(({ option }) => option),
        write: (seen: SystemRecord) => write(disagreeing(options, seen)),
      };
      const { state, reapplied } = await settle(run, session, settling, after);
      return { done: [...done.values()], after: state, fields: { reapplied } };
    },

    managed: (seen) =>
      Object.fromEntries(
        managedFields(options, seen).map(({ option, current }) => [
          option,
          option === 'attributes' ? managedAttributes(options, seen) : current,
        ]),
      ),

    report: (after) => ({ system: after, ...(options.settle > 0 && { reapplied: 0 }) }),

    sentence: (done) =>
      done.length === 0
        ? 'Nothing to change.'
        : `Changed ${done.map(({ option }) => option).join(', ')}.`,
  };
}

function disagreeing(settings: SystemSettings, seen: SystemRecord): Field[] {
  return managedFields(settings, seen).filter(({ agrees }) => !agrees);
}

function bodyOf(changes: readonly Field[]): SystemChanges {
  return Object.assign({}, ...changes.map((change) => change.changes));
}

/** An old record that agrees already is past the agent's first initialisation. */
function hasToSettle(
  { clock }: Session,
  { settle }: SystemOptions,
  changes: readonly Field[],
  { created }: SystemRecord,
): boolean {
  if (settle === 0) return false;
  if (changes.length > 0) return true;
  return clock.now() - Date.parse(created ?? '') < settle * 1000;
}

/** The answer to a PUT holds the record: what it does not show was not taken. */
function requireTaken(options: SystemOptions, seen: SystemRecord): void {
  const ignored = disagreeing(options, seen);
  if (ignored.length === 0) return;
  const shown = ignored.map(
    ({ option, current, wanted }) =>
      `${option} is ${shorten(JSON.stringify(current))} instead of ${shorten(JSON.stringify(wanted))}`,
  );
  throw new NotApplied(
    `JumpCloud accepted the change, but its answer does not show it: ${shown.join('; ')}. Run again; if it stays so, a policy or an administrator may be setting the same.`,
    { details: { options: ignored.map(({ option }) => option) } },
  );
}

/** Attributes that nobody named are not managed, unless they are to be purged. */
function managedAttributes(options: SystemOptions, seen: SystemRecord): Record<string, string> {
  const managed = (seen.attributes ?? []).filter(
    ({ name }) => options.purge_attributes || options.attributes?.has(name),
  );
  return Object.fromEntries(managed.map(({ name, value }) => [name, value]));
}
