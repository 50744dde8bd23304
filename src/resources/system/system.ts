import { exclusively } from '../../agent/lock.ts';
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
import {
  attributesOf,
  type Field,
  managedFields,
  type SystemSettings,
  settingsOf,
  withChanges,
} from './system-fields.ts';
import { type SystemOptions, systemOptions, systemRules } from './system-options.ts';

/** This host's own record: its settings and custom attributes. */
export const system = defineModule({
  name: 'jumpcloud_system',
  options: systemOptions,
  rules: systemRules,
  run: keeping((session, options: SystemOptions) => systemConcern(session, options)),
});

/** The record's settings as a concern. */
export function systemConcern(
  session: Session,
  options: SystemSettings & { readonly settle: number },
): Concern<SystemRecord, Field> {
  const { identity, budget } = session;
  const read = () => readSystem(session);
  return {
    read,

    plan(before) {
      const changes = disagreeing(options, before);
      return { changes, after: withChanges(before, bodyOf(changes)) };
    },

    async apply(run, plan, before) {
      let after = before;
      const done = new Map<string, Field>();
      const write = async (changes: readonly Field[]) => {
        after = await updateSystem(session, bodyOf(changes));
        for (const change of changes.filter((one) => hasTaken(one, options, after))) {
          done.set(change.option, change);
        }
        if (done.size > 0) run.report.done({ changed: true, ...shown(after) });
      };
      // A list of attributes is written whole: what another run has written since must be in it.
      const writeAnew = async () => {
        after = await read();
        const changes = disagreeing(options, after);
        if (changes.length > 0) await write(changes);
      };
      const writeAlone = async (changes: readonly Field[]) =>
        changes.some(({ option }) => option === 'attributes')
          ? exclusively(run, identity.agentDir, budget.remaining(), writeAnew)
          : write(changes);
      if (plan.changes.length > 0) await writeAlone(plan.changes);
      if (!hasToSettle(session, options, plan.changes, before)) {
        requireTaken(options, after);
        return { done: [...done.values()], after };
      }
      const settling = {
        seconds: options.settle,
        read,
        disagreeing: (seen: SystemRecord) => disagreeing(options, seen).map(({ option }) => option),
        write: (seen: SystemRecord) => writeAlone(disagreeing(options, seen)),
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

    report: (after) => ({ ...shown(after), ...(options.settle > 0 && { reapplied: 0 }) }),

    sentence(done, isPrediction) {
      if (done.length === 0) return 'Nothing to change.';
      const names = done.map(({ option }) => option).join(', ');
      return isPrediction ? `Would change ${names}.` : `Changed ${names}.`;
    },
  };
}

/** The record as JumpCloud gives it, and in the options' own form. */
function shown(record: SystemRecord): Readonly<Record<string, unknown>> {
  return { system: record, settings: settingsOf(record) };
}

function disagreeing(settings: SystemSettings, seen: SystemRecord): Field[] {
  return managedFields(settings, seen).filter(({ agrees }) => !agrees);
}

function bodyOf(changes: readonly Field[]): SystemChanges {
  return Object.assign({}, ...changes.map((change) => change.changes));
}

/** Whether a write took; of attributes also when it took in part. */
function hasTaken(change: Field, settings: SystemSettings, after: SystemRecord): boolean {
  const now = managedFields(settings, after).find(({ option }) => option === change.option);
  if (now === undefined) return false;
  if (now.agrees || change.option !== 'attributes') return now.agrees;
  return JSON.stringify(now.current) !== JSON.stringify(change.current);
}

/** An old record that agrees already is past the agent's first initialisation. */
function hasToSettle(
  { clock }: Session,
  { settle }: { readonly settle: number },
  changes: readonly Field[],
  { created }: SystemRecord,
): boolean {
  if (settle === 0) return false;
  if (changes.length > 0) return true;
  return clock.now() - Date.parse(created ?? '') < settle * 1000;
}

/** The answer to a PUT holds the record: what it does not show was not taken. */
function requireTaken(options: SystemSettings, seen: SystemRecord): void {
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
function managedAttributes(options: SystemSettings, seen: SystemRecord): Record<string, string> {
  const managed = attributesOf(seen).filter(
    ({ name }) => options.purge_attributes || options.attributes?.has(name),
  );
  return Object.fromEntries(managed.map(({ name, value }) => [name, value]));
}
