import { chmod, lutimes, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { PackageFile } from './package-file.ts';

/** Lays the files of a package out under a folder, with their modes and all with one time. */
export async function stage(
  folder: string,
  files: readonly PackageFile[],
  time: number,
): Promise<void> {
  for (const file of files) {
    const path = join(folder, file.path);
    if ('folder' in file) {
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
  await setTimes(folder, time);
}

/** A folder's time changes with what is put into it, so it is set after that of its entries. */
async function setTimes(folder: string, time: number): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await setTimes(path, time);
    else await lutimes(path, time, time);
  }
  // Whatever the umask says.
  await chmod(folder, 0o755);
  await lutimes(folder, time, time);
}
