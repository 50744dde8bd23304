import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModuleName, type RunResult, runModule } from '../harness/executable.ts';
import { preload } from '../preload.ts';

const PRELOAD = new URL('./measure.cjs', import.meta.url).pathname;

/** The result of a run with its duration and peak memory. */
export interface MeasuredRun extends RunResult {
  /** The duration of the run without the start of Node.js, which is slow on a busy machine. */
  readonly seconds: number;
  /** The peak memory of the process, in MB. */
  readonly peakMb: number;
}

/** Runs a built executable and measures its time and memory. */
export async function runMeasured(
  module: ModuleName,
  options: Record<string, unknown>,
): Promise<MeasuredRun> {
  const directory = await mkdtemp(join(tmpdir(), 'measured-'));
  try {
    const file = join(directory, 'measured.json');
    const result = await runModule(module, options, {
      env: { ...preload(PRELOAD), MEASURED: file },
    });
    const { seconds, peakKib } = JSON.parse(await readFile(file, 'utf8'));
    return { ...result, seconds, peakMb: (peakKib * 1024) / 1e6 };
  } finally {
    await rm(directory, { recursive: true });
  }
}
