import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/**
 * Whether this machine has every one of some programs (names on PATH, or paths). Says in a plain
 * sentence what is left out because of one that is missing.
 */
export function hasTool(leftOut: string, ...programs: string[]): boolean {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return true;
  console.log(`Left out, because this machine has no ${missing.join(' and no ')}: ${leftOut}.`);
  return false;
}

function isThere(program: string): boolean {
  const places = isAbsolute(program)
    ? [program]
    : (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program));
  return places.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
