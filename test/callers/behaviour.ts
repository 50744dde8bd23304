import type { EnrolOptions } from '../emulator/enrol.ts';
import type { ModuleName } from '../harness/executable.ts';
import type { TestHost } from '../harness/fixture.ts';

/** Objects of the organisation that options may name. */
export interface Ids {
  readonly group: string;
}

/** One thing that a module does, which every caller is to see the same way. */
export interface Behaviour {
  /** A noun phrase that starts with a letter; the row's title in the table. */
  readonly name: string;
  readonly module: ModuleName;
  /** The options of the call, beyond those that lead to the host's agent and to JumpCloud. */
  readonly options: (ids: Ids) => Readonly<Record<string, unknown>>;
  readonly check?: true;
  readonly diff?: true;
  /** Set for a run that waits longer than the two seconds after which a terminal shows progress. */
  readonly waits?: true;
  readonly enrol?: EnrolOptions;
  /** Prepares the host and the requests of it before the call. */
  readonly prepare?: (host: TestHost) => void | Promise<void>;
  /** What happens on the host during the call. It watches the run itself, because callers start at different speeds. */
  readonly meanwhile?: (host: TestHost, signal: AbortSignal) => Promise<void>;
  /** What the result has at least. */
  readonly expected: Readonly<Record<string, unknown>>;
}
