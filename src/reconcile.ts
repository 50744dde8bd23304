import type { ModuleError } from './base/errors.ts';
import type { Outcome, Run } from './run.ts';
import type { HostSession } from './transport/host-session.ts';
import { type SessionOptions, withSession } from './transport/open-session.ts';

/** What to write so that JumpCloud agrees with the options, and what it will be then. Pure data. */
export interface Plan<State, Change> {
  readonly changes: readonly Change[];
  readonly after: State;
}

/** What was written, and what reading back has shown. */
export interface Applied<State, Change> {
  readonly done: readonly Change[];
  readonly after: State;
  /** Result fields that only a real run can tell; they replace those of the report. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What the run fails with, although the rest was done. */
  readonly failure?: ModuleError;
}

/** One concern of this host, bound to a session and to what is wanted of it. */
export interface Resource<State, Change> {
  /** Reads what there is; `onPart` is told of each part of it that is read before the rest. */
  read(onPartRead: (part: State) => void): Promise<State>;
  /** Compares it with what is wanted. Pure: no input, no output, no clock. */
  plan(before: State): Plan<State, Change>;
  /**
   * Writes the plan's changes and reads back until they show. Called for an empty plan, too, where
   * something may have to be finished. Never called in check mode.
   */
  apply(run: Run, plan: Plan<State, Change>, before: State): Promise<Applied<State, Change>>;
  /** The managed part of a state, under the option names, for the diff. */
  diffView(state: State): Readonly<Record<string, unknown>>;
  /** The result fields. */
  report(after: State, done: readonly Change[]): Readonly<Record<string, unknown>>;
  /** What was changed, or would be, as one sentence; also for nothing. */
  summary(done: readonly Change[], isPrediction: boolean): string;
  /** Result fields of a run that fails: what was read last, and what was written until then. */
  progress?(seen: State, done: readonly Change[]): Readonly<Record<string, unknown>>;
  /** What the person has to know beyond the result, in check mode too. */
  warnings?(after: State): Promise<readonly string[]>;
}

/**
 * Brings one concern of this host to the state that is wanted: read, plan, and unless in check mode
 * apply. In check mode the outcome is what a real run would have given.
 */
export async function reconcile<State, Change>(
  run: Run,
  concern: Resource<State, Change>,
): Promise<Outcome> {
  const tell = (seen: State, written: readonly Change[]) => {
    const { progress } = concern;
    if (progress) run.report.setProgress(() => progress(seen, written));
  };
  const before = await concern.read((part) => tell(part, []));
  tell(before, []);
  const plan = concern.plan(before);
  const { done, after, fields, failure }: Applied<State, Change> = run.check
    ? { done: plan.changes, after: plan.after }
    : await concern.apply(run, plan, before);
  if (!run.check) tell(after, done);
  try {
    for (const warning of (await concern.warnings?.(after)) ?? []) run.report.warn(warning);
  } catch (error) {
    // The failure that is known already says more.
    throw failure ?? error;
  }
  if (failure !== undefined) throw failure;
  return {
    changed: done.length > 0,
    msg: concern.summary(done, run.check),
    diff: { before: concern.diffView(before), after: concern.diffView(after) },
    fields: { ...concern.report(after, done), ...fields },
  };
}

/**
 * What a module does that keeps one concern: opens a session, loads the concern and binds it,
 * reconciles it. The concern begins with so many reads at the same time.
 */
export function moduleFor<Options, State, Change>(
  load: () => Promise<(session: HostSession, options: Options) => Resource<State, Change>>,
  reads: (options: Options) => number = () => 1,
): (options: Options & SessionOptions, run: Run) => Promise<Outcome> {
  return (options, run) =>
    withSession(run, options, {
      requests: reads(options),
      async do(session) {
        const bind = await load();
        return reconcile(run, bind(session, options));
      },
    });
}
