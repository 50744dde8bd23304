import { sideBySide } from './side-by-side.ts';
import { type StormyRun, stormyRun } from './stormy-run.ts';

/** What came of many runs. */
export interface Storm {
  readonly runs: readonly StormyRun[];
  readonly seconds: number;
}

/** Runs with the seeds from `first` on, at most `atOnce` at a time: mostly they wait. */
export async function storm(
  first: number,
  count: number,
  atOnce: number,
  onRun: (run: StormyRun) => void = () => {},
): Promise<Storm> {
  const start = performance.now();
  const seeds = Array.from({ length: count }, (_, i) => first + i);
  const runs = await sideBySide(seeds, atOnce, async (seed) => {
    const run = await stormyRun(seed);
    onRun(run);
    return run;
  });
  return { runs, seconds: (performance.now() - start) / 1000 };
}

/** What went wrong, with what is needed to see it again. */
export function problemsOf({ runs }: Storm): string[] {
  return runs.flatMap(({ seed, module, problems }) =>
    problems.map((problem) => `seed ${seed} (${module}): ${problem}`),
  );
}

/** The storm in figures, for people. */
export function reportOf(storm: Storm): string {
  const { runs, seconds } = storm;
  const count = (which: (run: StormyRun) => boolean) => runs.filter(which).length;
  const sum = (of: (run: StormyRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  const kinds = [...new Set(runs.flatMap(({ injected }) => Object.keys(injected)))].sort();
  const byKind = kinds.map((kind) => [kind, sum(({ injected }) => injected[kind] ?? 0)] as const);
  const modules = [...new Set(runs.map(({ module }) => module))].sort();
  const lines: [what: string, how: string | number][] = [
    ['runs', runs.length],
    ...modules.map((name): [string, number] => [
      `  ${name}`,
      count(({ module }) => module === name),
    ]),
    ['requests', sum(({ requests }) => requests)],
    ['faults injected', byKind.reduce((total, [, times]) => total + times, 0)],
    ...byKind.map(([kind, times]): [string, number] => [`  ${kind}`, times]),
    ['retries', sum(({ retries }) => retries)],
    ['with something to change', count(({ changes }) => changes)],
    ['converged', `${count(({ converged }) => converged)} of ${runs.length}`],
    ['wrong changed', count(({ changedIsRight }) => !changedIsRight)],
    ['other problems', problemsOf(storm).length],
    ['longest run', `${Math.max(...runs.map((run) => run.seconds)).toFixed(1)} s`],
    ['duration', `${seconds.toFixed(0)} s`],
  ];
  return lines.map(([what, how]) => `${what.padEnd(44)}${how}`).join('\n');
}
