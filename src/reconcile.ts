import type { Outcome, Run } from './run.ts';
import { openSession, type SessionOptions } from './transport/connect.ts';
import type { Session } from './transport/session.ts';

/** What to write so that JumpCloud agrees with the options, and what it will be then. */
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
}

/** One concern of this host's JumpCloud record. */
export interface Resource<Options, State, Change> {
  /** Reads what there is. */
  observe(session: Session, options: Options): Promise<State>;
  /** Compares it with what is wanted. Pure: no input, no output, no clock. */
  plan(options: Options, before: State): Plan<State, Change>;
  /** Writes the plan's changes and reads back until they show. */
  apply(
    work: { session: Session; run: Run },
    options: Options,
    plan: Plan<State, Change>,
    before: State,
  ): Promise<Applied<State, Change>>;
  /** The managed part of a state, under the option names, for the diff. */
  managed(options: Options, state: State): Readonly<Record<string, unknown>>;
  /** The result fields. */
  report(
    options: Options,
    after: State,
    done: readonly Change[],
  ): Readonly<Record<string, unknown>>;
  /** What was changed, as one sentence; not asked when nothing was. */
  sentence(done: readonly Change[]): string;
  /** What the person has to know beyond the result, in check mode too. */
  warn?(session: Session, options: Options): Promise<readonly string[]>;
}

/**
 * Brings one concern of this host to the state that the options describe: observe, plan, and
 * unless in check mode apply. In check mode the outcome is what a real run would have given.
 */
export async function reconcile<Options extends SessionOptions, State, Change>(
  resource: Resource<Options, State, Change>,
  options: Options,
  run: Run,
): Promise<Outcome> {
  const session = await openSession(options, run);
  try {
    const before = await resource.observe(session, options);
    const plan = resource.plan(options, before);
    const { done, after, fields }: Applied<State, Change> = run.check
      ? { done: plan.changes, after: plan.after }
      : await resource.apply({ session, run }, options, plan, before);
    if (resource.warn) run.warnings.push(...(await resource.warn(session, options)));
    return {
      changed: done.length > 0,
      msg: done.length > 0 ? resource.sentence(done) : 'Nothing to change.',
      diff: { before: resource.managed(options, before), after: resource.managed(options, after) },
      fields: { ...resource.report(options, after, done), ...fields },
    };
  } finally {
    session.close();
  }
}
