import type { Answer, ModuleName } from '../harness/executable.ts';
import type { TestBed } from './test-bed.ts';

/** One call of a module. Each call of a caller is for a different host. */
export interface Call {
  /** Unique among the calls of a caller: a letter, then letters, digits and underscores. */
  readonly id: string;
  readonly module: ModuleName;
  /** All of the module's options. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly check: boolean;
  readonly diff: boolean;
}

/** A caller's observation of a call. */
export interface Observation {
  readonly answer: Answer;
  /** The exit status. Undefined if the caller does not see it. */
  readonly exitCode?: number | undefined;
  /** The text of stderr. Undefined if the caller cannot separate it from stdout. */
  readonly stderr?: string | undefined;
  /** The time from the caller's start until it had the answer. */
  readonly seconds: number;
}

/** Observations by the id of the call. A call without an entry got no answer. */
export type Observations = ReadonlyMap<string, Observation | Error>;

/** A way in which modules are called in production. */
export interface Caller {
  /** The subject of test titles: a noun phrase. */
  readonly name: string;
  /** The column's title in the table. */
  readonly column: string;
  /** Names on PATH or absolute paths. The caller is skipped if one of them is missing. */
  readonly needs?: readonly string[];
  /**
   * Set if only root can start the caller, because the caller creates namespaces and control
   * groups.
   */
  readonly needsPrivileges?: true;
  /** Keys of a result that the caller does not pass on. */
  readonly hides?: readonly string[];
  /** Set for a caller that has no check mode. */
  readonly lacksCheckMode?: true;
  /** Set if only stderr of the caller is a terminal. Modules then show progress on stderr. */
  readonly showsProgress?: true;
  start(bed: TestBed): Promise<RunningCaller>;
}

/** A caller that is ready to call. */
export interface RunningCaller {
  /** The root of the file system that modules run in. By default, the root of this machine. */
  readonly root?: string;
  /** Makes calls, concurrently where possible. */
  call(calls: readonly Call[]): Promise<Observations>;
  close?(): Promise<void>;
}

/** Returns the command-line flags of a call. */
export function flagsOf({ check, diff }: Call): string[] {
  return [...(check ? ['--check'] : []), ...(diff ? ['--diff'] : [])];
}

/** Returns a caller that starts a process for each call. All processes run in parallel. */
export function makeProcessCaller(
  caller: Omit<Caller, 'start'>,
  start: (bed: TestBed) => Promise<(call: Call) => Promise<Omit<Observation, 'seconds'>>>,
): Caller {
  return {
    ...caller,
    async start(bed) {
      const callOnce = await start(bed);
      return {
        async call(calls) {
          const observations = new Map<string, Observation | Error>();
          const make = async (call: Call) => {
            const since = Date.now();
            const observed = await callOnce(call);
            observations.set(call.id, { ...observed, seconds: secondsSince(since) });
          };
          await Promise.all(
            calls.map((call) => make(call).catch((error) => observations.set(call.id, error))),
          );
          return observations;
        },
      };
    },
  };
}

export function secondsSince(time: number, now = Date.now()): number {
  return (now - time) / 1000;
}

/** Returns the result of `read`, or the error that `read` throws. */
export function observationOrError(read: () => Observation): Observation | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}
