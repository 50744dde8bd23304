import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import { type ModuleName, type RunResult, runModule } from '../harness/executable.ts';
import { WRITING_MODULES } from '../harness/sample-calls.ts';
import {
  normalizeState,
  type OrganisationState,
  readOrganisationState,
} from './organisation-state.ts';
import { Random } from './random.ts';
import { addRandomObjects, joinManyGroups, randomOptions } from './random-calls.ts';

/** Options of a scenario. */
export interface ScenarioOptions {
  /**
   * If true, the scenario has a second host. Some of these scenarios also have a graph that shows
   * changes late, or a first host with a hundred groups.
   */
  readonly isLarge?: boolean;
}

/** A random organisation, and a random call of a module on one of its hosts. */
export interface Scenario {
  readonly emulator: Emulator;
  readonly host: EnrolledHost;
  readonly module: ModuleName;
  readonly options: Record<string, unknown>;
  /** Makes further random choices. */
  readonly random: Random;
  run(extraOptions?: Record<string, unknown>): Promise<RunResult>;
  close(): Promise<void>;
}

/** Makes a scenario. The same seed makes the same scenario, including all ids. */
export async function makeScenario(
  seed: number,
  { isLarge = false }: ScenarioOptions,
): Promise<Scenario> {
  const random = new Random(seed);
  const observeLag = isLarge && random.chance(0.25) ? 400 : 0;
  const emulator = await startEmulator({ seed, observeLag });
  const host = await emulator.enrol();
  const hosts = isLarge ? [host, await emulator.enrol()] : [host];
  const { store } = emulator;
  const systemIds = hosts.map(({ systemId }) => systemId);
  const idsByType = addRandomObjects(store, systemIds, random);
  const module = random.pick(...WRITING_MODULES);
  const isCrowded = isLarge && module === 'jumpcloud_group_membership' && random.chance(0.15);
  if (isCrowded) joinManyGroups(store, host.systemId, 105);
  const callOptions = randomOptions(
    module,
    { systemId: host.systemId, idsByType, isCrowded },
    random,
  );
  const options = { agent_dir: host.agentDir, api_url: emulator.url, ...callOptions };
  return {
    emulator,
    host,
    module,
    options,
    random,
    run: (extraOptions = {}) => runModule(module, { ...options, ...extraOptions }),
    async close() {
      await emulator.close();
      for (const one of hosts) await one.remove();
    },
  };
}

/**
 * Makes a scenario, runs its call without faults, and returns the normalized state of the
 * organisation.
 */
export async function runWithoutFaults(
  seed: number,
  options: ScenarioOptions,
): Promise<OrganisationState> {
  const scenario = await makeScenario(seed, options);
  try {
    const { answer } = await scenario.run();
    if (answer.failed) throw new Error(`seed ${seed} fails without faults: ${answer.msg}`);
    return normalizeState(readOrganisationState(scenario.emulator.store));
  } finally {
    await scenario.close();
  }
}
