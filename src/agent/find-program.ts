import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join } from 'node:path';

/** Directories that are searched before PATH. */
export const SYSTEM_DIRECTORIES = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** The program that a search found, and the candidates that were refused. */
export interface ProgramSearch {
  /** The program's real path. */
  readonly file: string | undefined;
  /** Paths of programs that root does not run, because someone else could replace them. */
  readonly replaceablePaths: readonly string[];
}

/**
 * Searches for a program, first in the system's directories and then in the directories of
 * `searchPath`, which has the format of PATH.
 */
export function findProgram(name: string, searchPath: string): ProgramSearch {
  const replaceablePaths: string[] = [];
  for (const directory of [
    ...SYSTEM_DIRECTORIES,
    ...searchPath.split(delimiter).filter(isAbsolute),
  ]) {
    const candidate = join(directory, name);
    const file = findExecutable(candidate);
    if (file === undefined) continue;
    if (mayRun(file)) return { file, replaceablePaths: replaceablePaths };
    replaceablePaths.push(candidate);
  }
  return { file: undefined, replaceablePaths: replaceablePaths };
}

/**
 * Returns whether this user may run the program `file`, whose path has no symbolic links. Root runs
 * only programs that no one else can replace.
 */
export function mayRun(file: string): boolean {
  return process.geteuid?.() !== 0 || !isReplaceable(file);
}

/**
 * Returns whether someone other than root can replace the file at a real path. Write permission of
 * any group counts, because an access control list shows up as group permissions. A sticky
 * directory such as /tmp is safe higher up in the path, because no one else can replace root's
 * entries in it. The file itself must not be in such a directory, because anyone can create
 * files there.
 */
function isReplaceable(path: string, levelsUp = 0): boolean {
  const { uid, mode } = statSync(path);
  const isWritableByOthers = (mode & 0o022) !== 0;
  const isSticky = (mode & 0o1000) !== 0;
  if (uid !== 0 || (isWritableByOthers && !(isSticky && levelsUp > 1))) return true;
  const parent = dirname(path);
  return parent !== path && isReplaceable(parent, levelsUp + 1);
}

/** Returns the real path of an executable file; undefined when there is none. */
function findExecutable(file: string): string | undefined {
  try {
    const realPath = realpathSync(file);
    accessSync(realPath, constants.X_OK);
    return statSync(realPath).isFile() ? realPath : undefined;
  } catch {
    return undefined;
  }
}
