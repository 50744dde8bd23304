import { awaitRegistration } from './agent/await-registration.ts';
import { requireSystem } from './agent/require-system.ts';
import type { ModuleError } from './base/errors.ts';
import type { Outcome, Run } from './run.ts';
import type { HostSession } from './transport/host-session.ts';
import { type SessionOptions, withRegistration } from './transport/open-session.ts';

/** The changes that bring JumpCloud to the desired state, and the state after them. Pure data. */
export interface Plan<State, Change> {
  readonly changes: readonly Change[];
  readonly after: State;
}

/** The changes that were written, and the state that was read back. */
export interface Applied<State, Change> {
  readonly done: readonly Change[];
  readonly after: State;
  /** Result fields that only a real run can know; they replace those of the report. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The error that the run fails with, although the other changes were made. */
  readonly failure?: ModuleError;
}

/** A managed part of this host's record, bound to a session and its desired state. */
export interface Resource<State, Change> {
  /** Reads the current state. Calls `onPartRead` with the state so far whenever a part has been read. */
  read(onPartRead: (part: State) => void): Promise<State>;
  /** Compares the state with the desired state. Pure: no input, no output, no clock. */
  plan(before: State): Plan<State, Change>;
  /**
   * Writes the plan's changes and reads back until JumpCloud shows them. Also called for an empty plan,
   * because an earlier run may have left work to finish. Never called in check mode.
   */
  apply(run: Run, plan: Plan<State, Change>, before: State): Promise<Applied<State, Change>>;
  /** Returns the managed part of a state, by option names, for the diff. */
  diffView(state: State): Readonly<Record<string, unknown>>;
  /** Returns the result fields. */
  report(after: State, done: readonly Change[]): Readonly<Record<string, unknown>>;
  /** Returns one sentence that says which changes were made, or would be made, if any. */
  summary(done: readonly Change[], isPrediction: boolean): string;
  /** Returns the result fields of a run that fails: the last observed state and the changes made. */
  progress?(observed: State, done: readonly Change[]): Readonly<Record<string, unknown>>;
  /** Returns warnings about the state after the run, in check mode too. */
  warnings?(after: State): Promise<readonly string[]>;
}

/**
 * Brings a resource to its desired state: reads, plans and, unless in check mode, applies. In check
 * mode, returns the outcome that a real run would have.
 */
export async function reconcile<State, Change>(
  run: Run,
  resource: Resource<State, Change>,
): Promise<Outcome> {
  const setProgress = (observed: State, done: readonly Change[]) => {
    const { progress } = resource;
    if (progress) run.report.setProgress(() => progress(observed, done));
  };
  run.report.setWriteLog(async (writes) => {
    const { logWrites } = await import('./agent/system-log.ts');
    await logWrites(run, writes);
  });
  const before = await resource.read((part) => setProgress(part, []));
  setProgress(before, []);
  const plan = resource.plan(before);
  const { done, after, fields, failure }: Applied<State, Change> = run.check
    ? { done: plan.changes, after: plan.after }
    : await resource.apply(run, plan, before);
  if (!run.check) setProgress(after, done);
  try {
    for (const warning of (await resource.warnings?.(after)) ?? []) run.report.warn(warning);
  } catch (error) {
    // A failure of the changes says more than a failure to compute warnings.
    throw failure ?? error;
  }
  if (failure !== undefined) throw failure;
  return {
    changed: done.length > 0,
    msg: resource.summary(done, run.check),
    diff: { before: resource.diffView(before), after: resource.diffView(after) },
    fields: { ...resource.report(after, done), ...fields },
  };
}

/**
 * Returns the `run` function of a module that manages one resource. It waits for this host's
 * registration, checks that this is the intended host, reads facts, opens a session, loads the
 * resource, binds it to the options and reconciles it. `reads` returns how many requests the resource
 * sends at the same time when it starts.
 */
export function moduleFor<Options, State, Change>(
  load: () => Promise<(session: HostSession, options: Options) => Resource<State, Change>>,
  reads: (options: Options) => number = () => 1,
): (
  options: Options & SessionOptions,
  run: Run,
  expand: () => Promise<Options>,
) => Promise<Outcome> {
  return async (options, run, expand) => {
    const { agent_dir, registration_timeout } = options;
    const registration = await awaitRegistration(agent_dir, registration_timeout, run);
    requireSystem(options.system_id, registration.systemId);
    const expanded = await expand();
    return withRegistration(run, registration, options, {
      requests: reads(options),
      async do(session) {
        const bind = await load();
        return reconcile(run, bind(session, expanded));
      },
    });
  };
}
