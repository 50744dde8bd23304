import type { EnrolOptions } from '../emulator/enrol.ts';
import type { ModuleName } from '../harness/executable.ts';
import type { TestHost } from '../harness/fixture.ts';

/** Objects of the organisation that options may name. */
export interface Ids {
  readonly group: string;
}

/** One behaviour of a module. Every caller must observe the same result. */
export interface Behaviour {
  /** The row's title in the table: a noun phrase that starts with a letter. */
  readonly name: string;
  readonly module: ModuleName;
  /** The options of the call, without agent_dir and api_url. */
  readonly options: (ids: Ids) => Readonly<Record<string, unknown>>;
  readonly check?: true;
  readonly diff?: true;
  /** Set if the run waits longer than the two seconds after which a terminal shows progress. */
  readonly waits?: true;
  readonly enrol?: EnrolOptions;
  /** Prepares the host, and the answers to its requests, before the call. */
  readonly prepare?: (host: TestHost) => void | Promise<void>;
  /**
   * Acts on the host during the call. Observes the run to find the right moment, because callers
   * start at different speeds.
   */
  readonly duringCall?: (host: TestHost, signal: AbortSignal) => Promise<void>;
  /** Keys and values that the result must have. */
  readonly expected: Readonly<Record<string, unknown>>;
}
