import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

/** They are searched before PATH. */
export const SYSTEM_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** What came of looking for a program. */
export interface ProgramSearch {
  /** Its real path. */
  readonly found: string | undefined;
  /** What root does not run, because someone else could put another program in its place. */
  readonly replaceable: readonly string[];
}

/** Looks for a program in the system's directories and then in those of a PATH. */
export function findProgram(name: string, path: string): ProgramSearch {
  const replaceable: string[] = [];
  for (const directory of [...SYSTEM_DIRECTORIES, ...path.split(delimiter).filter(isAbsolute)]) {
    const file = join(directory, name);
    const real = executableAt(file);
    if (real === undefined) continue;
    if (process.geteuid?.() !== 0 || !isReplaceable(real)) return { found: real, replaceable };
    replaceable.push(file);
  }
  return { found: undefined, replaceable };
}

/**
 * Whether someone other than root can put something in the place of a real path. Any group counts,
 * because an access control list shows as one. A sticky directory above is safe, as /tmp is, because
 * what lies in it belongs to root; one that holds the file itself is not.
 */
function isReplaceable(path: string, levelsUp = 0): boolean {
  const { uid, mode } = statSync(path);
  const isOpen = (mode & 0o022) !== 0;
  const isSticky = (mode & 0o1000) !== 0;
  if (uid !== 0 || (isOpen && !(isSticky && levelsUp > 1))) return true;
  const parent = dirname(path);
  return parent !== path && isReplaceable(parent, levelsUp + 1);
}

/** The real path of an executable file, if there is one. */
function executableAt(file: string): string | undefined {
  try {
    const real = realpathSync(file);
    accessSync(real, constants.X_OK);
    return statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}
