/**
 * Returns how many random cases a test runs: `all` of them with THOROUGH=1 in the environment,
 * otherwise a quarter, rounded up. The cases are processes or whole runs, so they dominate the
 * time of the suite.
 */
export function sampleSize(all: number): number {
  return process.env['THOROUGH'] === '1' ? all : Math.ceil(all / 4);
}
