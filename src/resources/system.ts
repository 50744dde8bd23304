import { readSystem, type SystemChanges, type SystemRecord, updateSystem } from '../api/systems.ts';
import { NotApplied } from '../errors.ts';
import { shorten } from '../options/describe.ts';
import type { Resource } from '../reconcile.ts';
import type { Session } from '../transport/session.ts';
import { settle } from './settle.ts';
import { type Field, managedFields, type SystemSettings, withChanges } from './system-fields.ts';
import type { SystemOptions } from './system-options.ts';

/** This host's own record: its settings and custom attributes. */
export const system: Resource<SystemOptions, SystemRecord, Field> = {
  observe: readSystem,

  plan(options, before) {
    const changes = disagreeing(options, before);
    return { changes, after: withChanges(before, bodyOf(changes)) };
  },

  async apply({ session, run }, options, plan, before) {
    let after = before;
    const done = new Map<string, Field>();
    const write = async (changes: readonly Field[]) => {
      const record = await updateSystem(session, bodyOf(changes));
      const ignored = disagreeing(options, record).map(({ option }) => option);
      for (const change of changes) {
        if (!ignored.includes(change.option)) done.set(change.option, change);
      }
      if (done.size > 0) run.soFar = { changed: true, system: record };
      return record;
    };
    if (plan.changes.length > 0) after = await write(plan.changes);
    if (!hasToSettle(session, options, plan.changes, before)) {
      requireTaken(options, after);
      return { done: [...done.values()], after };
    }
    const { state, reapplied } = await settle(
      { session, run },
      {
        seconds: options.settle,
        read: () => readSystem(session),
        disagreeing: (record) => disagreeing(options, record).map(({ option }) => option),
        write: (record) => write(disagreeing(options, record)),
      },
      after,
    );
    return { done: [...done.values()], after: state, fields: { reapplied } };
  },

  managed(options, record) {
    return Object.fromEntries(
      managedFields(options, record).map(({ option, current }) => [
        option,
        option === 'attributes' ? managedAttributes(options, record) : current,
      ]),
    );
  },

  report(options, after) {
    return { system: after, ...(options.settle > 0 && { reapplied: 0 }) };
  },

  sentence(done) {
    return `Changed ${done.map(({ option }) => option).join(', ')}.`;
  },
};

function disagreeing(settings: SystemSettings, record: SystemRecord): Field[] {
  return managedFields(settings, record).filter(
    ({ current, wanted }) => JSON.stringify(current) !== JSON.stringify(wanted),
  );
}

function bodyOf(changes: readonly Field[]): SystemChanges {
  return Object.assign({}, ...changes.map((change) => change.changes));
}

/** An old record that agrees already is past the agent's first initialisation. */
function hasToSettle(
  session: Session,
  options: SystemOptions,
  changes: readonly Field[],
  record: SystemRecord,
): boolean {
  if (options.settle === 0) return false;
  if (changes.length > 0) return true;
  const age = session.clock.now() - Date.parse(record.created ?? '');
  return age < options.settle * 1000;
}

/** The answer to a PUT holds the record: what it does not show was not taken. */
function requireTaken(options: SystemOptions, record: SystemRecord): void {
  const ignored = disagreeing(options, record);
  if (ignored.length === 0) return;
  const shown = ignored.map(
    ({ option, current, wanted }) =>
      `${option} is ${shorten(JSON.stringify(current))} instead of ${shorten(JSON.stringify(wanted))}`,
  );
  throw new NotApplied(
    `JumpCloud accepted the change, but its answer does not show it: ${shown.join('; ')}. Run again; if it stays so, a policy or an administrator may be setting the same.`,
    { options: ignored.map(({ option }) => option) },
  );
}

/** Attributes that nobody named are not managed, unless they are to be purged. */
function managedAttributes(options: SystemOptions, record: SystemRecord): Record<string, string> {
  const managed = (record.attributes ?? []).filter(
    ({ name }) => options.purge_attributes || options.attributes?.has(name),
  );
  return Object.fromEntries(managed.map(({ name, value }) => [name, value]));
}
