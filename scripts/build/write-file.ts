import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Writes `<directory>/<path>` atomically. A process that runs or reads the older file is not
 * disturbed.
 */
export async function writeFileAtomically(
  directory: string,
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  // Ansible could mistake a temporary file beside a module for the module, and run it.
  const temporaryFile = join(directory, `.unfinished-${process.pid}`);
  await writeFile(temporaryFile, content);
  await chmod(temporaryFile, mode);
  await rename(temporaryFile, file);
}
