import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes `<directory>/<path>` atomically, so that a process that runs or reads the older file is
 * not disturbed.
 */
export async function writeFileAtOnce(
  directory: string,
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  // Not beside a module: Ansible could run this file as the module.
  const unfinished = join(directory, `.unfinished-${process.pid}`);
  await writeFile(unfinished, content);
  await chmod(unfinished, mode);
  await rename(unfinished, file);
}
