import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

/** Directories that are searched before PATH. */
export const SYSTEM_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** The result of a search for a program. */
export interface ProgramSearch {
  /** The program's real path. */
  readonly file: string | undefined;
  /** Candidates that root does not run, because someone else could replace them. */
  readonly replaceable: readonly string[];
}

/** Searches the system's directories for a program, then those of a PATH. */
export function findProgram(name: string, searchPath: string): ProgramSearch {
  const replaceable: string[] = [];
  for (const directory of [
    ...SYSTEM_DIRECTORIES,
    ...searchPath.split(delimiter).filter(isAbsolute),
  ]) {
    const candidate = join(directory, name);
    const file = executableAt(candidate);
    if (file === undefined) continue;
    if (mayRun(file)) return { file, replaceable };
    replaceable.push(candidate);
  }
  return { file: undefined, replaceable };
}

/** Returns whether this user may run the program at a real path: root, only if no one else can replace it. */
export function mayRun(file: string): boolean {
  return process.geteuid?.() !== 0 || !isReplaceable(file);
}

/**
 * Returns whether someone other than root can replace the file at a real path. Write permission of
 * any group counts, because an access control list shows up as group permissions. A sticky
 * directory like /tmp may be higher up in the path, where its entry belongs to root, but must not
 * contain the file itself.
 */
function isReplaceable(path: string, levelsUp = 0): boolean {
  const { uid, mode } = statSync(path);
  const isOpen = (mode & 0o022) !== 0;
  const isSticky = (mode & 0o1000) !== 0;
  if (uid !== 0 || (isOpen && !(isSticky && levelsUp > 1))) return true;
  const parent = dirname(path);
  return parent !== path && isReplaceable(parent, levelsUp + 1);
}

/** Returns the real path of an executable file; undefined when there is none. */
function executableAt(file: string): string | undefined {
  try {
    const real = realpathSync(file);
    accessSync(real, constants.X_OK);
    return statSync(real).isFile() ? real : undefined;
  } catch {
    return undefined;
  }
}
