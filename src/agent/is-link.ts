import { lstatSync } from 'node:fs';

/** Returns whether a path is a symbolic link, dangling or not. */
export function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
