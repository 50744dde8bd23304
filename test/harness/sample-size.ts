const isThorough = process.env['THOROUGH'] === '1';

/**
 * Returns the number of random cases that a test runs: `all` of them with THOROUGH=1 in the
 * environment, otherwise a quarter, rounded up. The cases are processes or whole runs, so they
 * dominate the time of the suite.
 */
export function sampleSize(all: number): number {
  return isThorough ? all : Math.ceil(all / 4);
}

/**
 * Returns the rows of a table that a test runs: all of them with THOROUGH=1 in the environment,
 * otherwise each fourth row from the first on. Use it for rows that take seconds and run the same
 * code.
 */
export function sampleRows<T>(all: readonly T[]): T[] {
  return all.filter((_, index) => isThorough || index % 4 === 0);
}
