import { mapConcurrently } from './map-concurrently.ts';
import { runInStorm, type StormyRun } from './stormy-run.ts';

/** The results of many runs with random faults. */
export interface StormResult {
  readonly runs: readonly StormyRun[];
  readonly seconds: number;
}

/** Makes `count` runs, at most `concurrency` in parallel. The seeds begin with `firstSeed`. */
export async function runStorm(
  firstSeed: number,
  count: number,
  concurrency: number,
  onRun: (run: StormyRun) => void = () => {},
): Promise<StormResult> {
  const start = performance.now();
  const seeds = Array.from({ length: count }, (_, i) => firstSeed + i);
  const runs = await mapConcurrently(seeds, concurrency, async (seed) => {
    const run = await runInStorm(seed);
    onRun(run);
    return run;
  });
  return { runs, seconds: (performance.now() - start) / 1000 };
}

/** Lists all problems, each with the seed that reproduces it. */
export function problemsOf({ runs }: StormResult): string[] {
  return runs.flatMap(({ seed, module, problems }) =>
    problems.map((problem) => `seed ${seed} (${module}): ${problem}`),
  );
}

/** Formats the figures of a storm as a table. */
export function formatReport(result: StormResult): string {
  const { runs, seconds } = result;
  const count = (predicate: (run: StormyRun) => boolean) => runs.filter(predicate).length;
  const sum = (figureOf: (run: StormyRun) => number) =>
    runs.reduce((total, run) => total + figureOf(run), 0);
  const kinds = [...new Set(runs.flatMap(({ injected }) => Object.keys(injected)))].sort();
  const byKind = kinds.map((kind) => [kind, sum(({ injected }) => injected[kind] ?? 0)] as const);
  const modules = [...new Set(runs.map(({ module }) => module))].sort();
  const lines: [label: string, figure: string | number][] = [
    ['runs', runs.length],
    ...modules.map((name): [string, number] => [
      `  ${name}`,
      count(({ module }) => module === name),
    ]),
    ['requests', sum(({ requests }) => requests)],
    ['faults injected', byKind.reduce((total, [, times]) => total + times, 0)],
    ...byKind.map(([kind, times]): [string, number] => [`  ${kind}`, times]),
    ['retries', sum(({ retries }) => retries)],
    ['with something to change', count(({ needsChange }) => needsChange)],
    ['converged', `${count(({ hasConverged }) => hasConverged)} of ${runs.length}`],
    ['wrong value of changed', count(({ isChangedCorrect }) => !isChangedCorrect)],
    ['other problems', problemsOf(result).length],
    ['longest run', `${Math.max(...runs.map((run) => run.seconds)).toFixed(1)} s`],
    ['duration', `${seconds.toFixed(0)} s`],
  ];
  return lines.map(([label, figure]) => `${label.padEnd(44)}${figure}`).join('\n');
}
