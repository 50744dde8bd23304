import { lstatSync } from 'node:fs';

/** Whether a path is itself a symbolic link, wherever that leads. */
export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
