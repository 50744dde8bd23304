import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import { type ModuleName, type Ran, runModule } from '../harness/executable.ts';
import { WRITING_MODULES } from '../harness/furniture.ts';
import { meaningOf, type Organisation, organisationOf } from './organisation.ts';
import { Random } from './random.ts';
import { joinMany, populate, someOptions } from './stormy-wish.ts';

/** How a scene is made. */
export interface SceneOptions {
  /** Adds a second host, at times a lag of the graph, and at times a list of several pages. */
  readonly isLarge?: boolean;
}

/** A random organisation, and a random call of a module on a host of it. */
export interface Scene {
  readonly emulator: Emulator;
  readonly host: EnrolledHost;
  readonly module: ModuleName;
  readonly options: Record<string, unknown>;
  /** For further choices. */
  readonly random: Random;
  run(more?: Record<string, unknown>): Promise<Ran>;
  close(): Promise<void>;
}

/** Makes a scene. The same seed makes the same one, down to the ids. */
export async function makeScene(seed: number, { isLarge = false }: SceneOptions): Promise<Scene> {
  const random = new Random(seed);
  const observeLag = isLarge && random.chance(0.25) ? 400 : 0;
  const emulator = await startEmulator({ seed, observeLag });
  const host = await emulator.enrol();
  const hosts = isLarge ? [host, await emulator.enrol()] : [host];
  const { store } = emulator;
  const systemIds = hosts.map(({ systemId }) => systemId);
  const pools = populate(store, systemIds, random);
  const module = random.of(...WRITING_MODULES);
  const isCrowded = isLarge && module === 'jumpcloud_group_membership' && random.chance(0.15);
  if (isCrowded) joinMany(store, host.systemId, 105);
  const chosen = someOptions(module, { systemId: host.systemId, pools, isCrowded }, random);
  const options = { agent_dir: host.agentDir, api_url: emulator.url, ...chosen };
  return {
    emulator,
    host,
    module,
    options,
    random,
    run: (more = {}) => runModule(module, { ...options, ...more }),
    async close() {
      await emulator.close();
      for (const one of hosts) await one.remove();
    },
  };
}

/** Returns what a scene's organisation means once its call has run without faults. */
export async function meaningInCalm(seed: number, options: SceneOptions): Promise<Organisation> {
  const scene = await makeScene(seed, options);
  try {
    const { answer } = await scene.run();
    if (answer.failed) throw new Error(`seed ${seed} fails without faults: ${answer.msg}`);
    return meaningOf(organisationOf(scene.emulator.store));
  } finally {
    await scene.close();
  }
}
