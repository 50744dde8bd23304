import { awaitRegistration } from './agent/await-registration.ts';
import type { ModuleError } from './base/errors.ts';
import type { Outcome, Run } from './run.ts';
import type { HostSession } from './transport/host-session.ts';
import { type SessionOptions, withSessionForRegistration } from './transport/open-session.ts';

/** The changes that lead to the desired state, and the predicted state after them. Pure data. */
export interface Plan<State, Change> {
  readonly changes: readonly Change[];
  readonly after: State;
}

/** The written changes, and the state that was read afterwards. */
export interface ApplyResult<State, Change> {
  readonly done: readonly Change[];
  readonly after: State;
  /** Result fields that only a real run has. They override the fields of `report`. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The error of a run in which some changes failed. The other changes were made. */
  readonly failure?: ModuleError;
}

/**
 * A part of this host's state in JumpCloud that a module manages. A resource is bound to a session
 * and to the desired state.
 */
export interface Resource<State, Change> {
  /** Reads the current state. After each part, calls `onPartRead` with the state read so far. */
  read(onPartRead: (part: State) => void): Promise<State>;
  /** Plans the changes from a state to the desired state. A pure function. */
  plan(before: State): Plan<State, Change>;
  /**
   * Writes the planned changes, and reads until JumpCloud shows them. Also called with an empty
   * plan, because an earlier run may have left unfinished work. Not called in check mode.
   */
  apply(run: Run, plan: Plan<State, Change>, before: State): Promise<ApplyResult<State, Change>>;
  /**
   * Returns the part of a state that the options manage, for the diff. The keys are option names.
   */
  diffView(state: State): Readonly<Record<string, unknown>>;
  /** Returns the result fields. */
  report(after: State, done: readonly Change[]): Readonly<Record<string, unknown>>;
  /** Returns one sentence that sums up the changes. `isPrediction` is true in check mode. */
  summary(done: readonly Change[], isPrediction: boolean): string;
  /** Returns the result fields of a failed run: the last observed state and the changes made. */
  progress?(observed: State, done: readonly Change[]): Readonly<Record<string, unknown>>;
  /** Returns warnings about the state after the run, which is a prediction in check mode. */
  warnings?(after: State): Promise<readonly string[]>;
}

/**
 * Reads the state of a resource, plans the changes and applies them. In check mode, applies nothing
 * and returns the outcome that a real run would have.
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
  const { done, after, fields, failure }: ApplyResult<State, Change> = run.check
    ? { done: plan.changes, after: plan.after }
    : await resource.apply(run, plan, before);
  if (!run.check) setProgress(after, done);
  try {
    for (const warning of (await resource.warnings?.(after)) ?? []) run.report.warn(warning);
  } catch (error) {
    // The failure of a change takes precedence over an error from the warnings.
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
 * Creates the `run` function of a module that manages one resource. The function waits for the
 * registration of this host, checks `system_id`, reads facts, opens a session and reconciles the
 * resource. `reads` returns the number of parallel requests that the resource starts with.
 */
export function createRun<Options, State, Change>(
  load: () => Promise<(session: HostSession, options: Options) => Resource<State, Change>>,
  reads: (options: Options) => number = () => 1,
): (
  options: Options & SessionOptions,
  run: Run,
  expand: () => Promise<Options>,
) => Promise<Outcome> {
  return async (options, run, expand) => {
    const registration = await awaitRegistration(options, run);
    const expanded = await expand();
    return withSessionForRegistration(run, registration, options, {
      requests: reads(options),
      async do(session) {
        const bind = await load();
        return reconcile(run, bind(session, expanded));
      },
    });
  };
}
