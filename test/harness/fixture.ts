import type { Emulator } from '../emulator/emulator.ts';
import type { EnrolledHost, EnrolOptions } from '../emulator/enrol.ts';
import type { Fault } from '../emulator/faults.ts';
import type { LoggedRequest } from '../emulator/types.ts';
import { test as base } from './emulator-fixture.ts';
import { type CallOptions, type ModuleName, type RunResult, runModule } from './executable.ts';

/** An enrolled host with helpers for tests. */
export interface TestHost extends EnrolledHost {
  /** The options that make a module act as this host. */
  readonly options: { readonly agent_dir: string; readonly api_url: string };
  /** Runs a built executable as this host. */
  run(
    module: ModuleName,
    options?: Record<string, unknown>,
    call?: CallOptions,
  ): Promise<RunResult>;
  /** Returns the requests that this host has sent to the emulator so far. */
  requests(): LoggedRequest[];
  /**
   * Injects a fault into the next `times` requests of this host, after `skip` requests without the
   * fault. If `method` is given, only requests with that method count.
   */
  hit(fault: Fault, which?: { times?: number; skip?: number; method?: string }): void;
}

/**
 * Wraps a host of an emulator. `agent_dir` is the path at which modules see its agent directory.
 */
export function asTestHost(
  emulator: Emulator,
  host: EnrolledHost,
  agent_dir: string = host.agentDir,
): TestHost {
  const { systemId } = host;
  const connection = { agent_dir, api_url: emulator.url };
  return {
    ...host,
    options: connection,
    run: (module, options = {}, call = {}) =>
      runModule(module, { ...connection, ...options }, call),
    requests: () => emulator.requests.filter((request) => request.systemId === systemId),
    hit: (fault, { times = 1, skip = 0, method } = {}) =>
      emulator.faults.add({
        fault,
        times,
        skip,
        when: (request) =>
          request.url.includes(systemId) && (method ?? request.method) === request.method,
      }),
  };
}

/**
 * The `test` of emulator-fixture with two more fixtures: a new `host` for each test, and `enrol`,
 * which enrols further hosts.
 */
export const test = base
  .extend('enrol', ({ emulator }) => async (options: EnrolOptions = {}): Promise<TestHost> => {
    return asTestHost(emulator, await emulator.enrol(options));
  })
  .extend('host', ({ enrol }) => enrol());
