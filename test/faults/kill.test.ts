import { expect, test } from 'vitest';
import { sampleSize } from '../harness/sample-size.ts';
import { interruptRandomRun } from './interruption.ts';
import { mapConcurrently } from './map-concurrently.ts';

test.each([
  ['SIGKILL', sampleSize(100), 1],
  ['SIGTERM', sampleSize(32), 1001],
  ['SIGINT', sampleSize(16), 2001],
  ['SIGHUP', sampleSize(12), 3001],
] as const)(
  'the next run finishes the work of a run that receives %s (%i random moments)',
  { timeout: 240_000 },
  async (signal, count, seed) => {
    const seeds = Array.from({ length: count }, (_, i) => seed + i);
    const interruptions = await mapConcurrently(seeds, 8, async (one) => ({
      seed: one,
      ...(await interruptRandomRun(one, signal)),
    }));
    expect(interruptions.filter(({ problems }) => problems.length > 0)).toEqual([]);
    const counts: Record<string, number> = {};
    for (const { outcome, isHalfDone } of interruptions) {
      counts[outcome] = (counts[outcome] ?? 0) + 1;
      if (isHalfDone) counts['half done'] = (counts['half done'] ?? 0) + 1;
    }
    console.log(`${signal}: ${JSON.stringify(counts)}`);
    expect(counts[signal === 'SIGKILL' ? 'killed' : 'interrupted']).toBeGreaterThan(0);
  },
);
