import type { Emulator } from '../emulator/emulator.ts';
import type { EnrolledHost, EnrolOptions } from '../emulator/enrol.ts';
import type { Fault } from '../emulator/faults.ts';
import type { LoggedRequest } from '../emulator/types.ts';
import { test as base } from './emulator-fixture.ts';
import { type CallOptions, type ModuleName, type Ran, runModule } from './executable.ts';

/** A host of its own for one test, and what tests do with one. */
export interface TestHost extends EnrolledHost {
  /** The options that lead to it. */
  readonly options: { readonly agent_dir: string; readonly api_url: string };
  /** Runs a built executable on it. */
  run(module: ModuleName, options?: Record<string, unknown>, call?: CallOptions): Promise<Ran>;
  /** What it has asked of the emulator so far. */
  requests(): LoggedRequest[];
  /** Lets its next requests go wrong, or those of a method. */
  hit(fault: Fault, which?: { times?: number; skip?: number; method?: string }): void;
}

/** A host of an emulator's with what tests do with one. A module may know the agent's folder by another path. */
export function asTestHost(
  emulator: Emulator,
  host: EnrolledHost,
  agent_dir: string = host.agentDir,
): TestHost {
  const { systemId } = host;
  const own = { agent_dir, api_url: emulator.url };
  return {
    ...host,
    options: own,
    run: (module, options = {}, call = {}) => runModule(module, { ...own, ...options }, call),
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

/** Tests with an emulator and hosts of their own: `host`, or as many as `enrol` is asked for. */
export const test = base
  .extend('enrol', ({ emulator }) => async (desired: EnrolOptions = {}): Promise<TestHost> => {
    return asTestHost(emulator, await emulator.enrol(desired));
  })
  .extend('host', ({ enrol }) => enrol());
