import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * Returns whether this machine has all the given programs, which are names on PATH or absolute
 * paths. Otherwise prints which tests are skipped and which programs are missing.
 */
export function hasPrograms(skippedTests: string, ...programs: string[]): boolean {
  const missing = programs.filter((program) => !isExecutable(program));
  if (missing.length === 0) return true;
  console.log(`Skipped: ${skippedTests}. This machine has no ${missing.join(' and no ')}.`);
  return false;
}

function isExecutable(program: string): boolean {
  const paths = isAbsolute(program)
    ? [program]
    : (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program));
  return paths.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
