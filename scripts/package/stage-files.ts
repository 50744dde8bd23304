import { chmod, lutimes, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PackageFile } from './package-file.ts';

/** Writes the files of a package below a directory, with their modes and one common time. */
export async function stageFiles(
  directory: string,
  files: readonly PackageFile[],
  time: number,
): Promise<void> {
  for (const file of files) {
    const path = join(directory, file.path);
    if ('directory' in file) {
      await mkdir(path, { recursive: true });
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    if ('target' in file) {
      await symlink(file.target, path);
    } else {
      await writeFile(path, file.content);
      await chmod(path, file.executable ? 0o755 : 0o644);
    }
  }
  await setTimes(directory, time);
}

/**
 * Sets the times of all entries. Runs last, because each new entry changes the time of its
 * directory.
 */
async function setTimes(directory: string, time: number): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await setTimes(path, time);
    else await lutimes(path, time, time);
  }
  // The mode must not depend on the umask.
  await chmod(directory, 0o755);
  await lutimes(directory, time, time);
}
