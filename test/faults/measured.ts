import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModuleName, type Ran, runModule } from '../harness/executable.ts';
import { preload } from '../preload.ts';

const PRELOAD = new URL('./measure.cjs', import.meta.url).pathname;

/** A run, and what it took of time and memory. */
export interface Measured extends Ran {
  /** From when Node starts the executable to its end; on a busy machine Node itself takes a while. */
  readonly seconds: number;
  /** The most memory that the process held, in MB. */
  readonly peakMb: number;
}

/** Runs a built executable, and measures. */
export async function runMeasured(
  module: ModuleName,
  options: Record<string, unknown>,
): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), 'measured-'));
  try {
    const file = join(directory, 'measured.json');
    const ran = await runModule(module, options, {
      env: { ...preload(PRELOAD), MEASURED: file },
    });
    const { seconds, peak } = JSON.parse(await readFile(file, 'utf8'));
    return { ...ran, seconds, peakMb: (peak * 1024) / 1e6 };
  } finally {
    await rm(directory, { recursive: true });
  }
}
