import type { Answer, ModuleName } from '../harness/executable.ts';
import type { TestBed } from './test-bed.ts';

/** One call of a module. Calls of a caller differ in their host. */
export interface Call {
  /** Unlike that of any other call of this caller; a letter, then letters, digits and underscores. */
  readonly id: string;
  readonly module: ModuleName;
  /** All of the module's options. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly check: boolean;
  readonly diff: boolean;
}

/** What a caller learnt of a call. */
export interface Heard {
  readonly answer: Answer;
  /** Undefined where the caller does not see it. */
  readonly exitCode?: number | undefined;
  /** What came on stderr; undefined where the caller cannot tell it from stdout, or does not see it. */
  readonly stderr?: string | undefined;
  /** From the caller's start until it had the answer. */
  readonly seconds: number;
}

/** By the id of the call. A call without an entry got no answer at all. */
export type AllHeard = ReadonlyMap<string, Heard | Error>;

/** A way in which modules are called in production. */
export interface Caller {
  /** A noun phrase that starts a sentence; the title of tests. */
  readonly name: string;
  /** The column's title in the table. */
  readonly column: string;
  /** The programs that it needs, on PATH or by their whole path; without one the caller is left out. */
  readonly needs?: readonly string[];
  /** Set for what only root can start, with namespaces and control groups of its own. */
  readonly needsPrivileges?: true;
  /** Keys of a result that the caller does not pass on. */
  readonly hides?: readonly string[];
  /** Set for a caller that has no check mode. */
  readonly neverChecks?: true;
  /** Set for a caller whose stderr is a terminal of its own, which shows progress. */
  readonly showsProgress?: true;
  start(bed: TestBed): Promise<RunningCaller>;
}

/** A caller that is ready to call. */
export interface RunningCaller {
  /** The root of the file system that modules run in; without it, this machine's own. */
  readonly root?: string;
  /** Makes calls, side by side where it can. */
  call(calls: readonly Call[]): Promise<AllHeard>;
  close?(): Promise<void>;
}

/** The command-line flags of a call. */
export function flagsOf({ check, diff }: Call): string[] {
  return [...(check ? ['--check'] : []), ...(diff ? ['--diff'] : [])];
}

/** Returns a caller that makes each call by itself, all at the same time. */
export function callingOneByOne(
  caller: Omit<Caller, 'start'>,
  start: (bed: TestBed) => Promise<(call: Call) => Promise<Omit<Heard, 'seconds'>>>,
): Caller {
  return {
    ...caller,
    async start(bed) {
      const callOnce = await start(bed);
      return {
        async call(calls) {
          const heard = new Map<string, Heard | Error>();
          const make = async (call: Call) => {
            const since = Date.now();
            const once = await callOnce(call);
            heard.set(call.id, { ...once, seconds: secondsSince(since) });
          };
          await Promise.all(
            calls.map((call) => make(call).catch((error) => heard.set(call.id, error))),
          );
          return heard;
        },
      };
    },
  };
}

export function secondsSince(time: number, now = Date.now()): number {
  return (now - time) / 1000;
}

/** Returns what a caller's output says, or the error that reading it threw. */
export function heardOrError(read: () => Heard): Heard | Error {
  try {
    return read();
  } catch (error) {
    return error as Error;
  }
}
