import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Returns a line for each file of a directory, with its size. */
export async function packageTable(directory: string): Promise<string> {
  const names = (await readdir(directory)).sort();
  const sizes = await Promise.all(
    names.map(async (name) => (await stat(join(directory, name))).size),
  );
  const columns = Math.max(...names.map((name) => name.length));
  return names
    .map((name, index) => `${name.padEnd(columns)}  ${String(sizes[index]).padStart(9)} bytes`)
    .join('\n');
}
