import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { projectDirectory } from './project-directory.ts';

/** Returns the licences of all packages in the bundles, one after another. */
export async function thirdPartyNotices(metafiles: readonly Metafile[]): Promise<string> {
  const packages = new Set<string>();
  for (const file of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
    if (name) packages.add(name);
  }
  const notices = await Promise.all([...packages].sort().map(notice));
  return `The modules contain parts of these packages:\n${notices.join('')}`;
}

async function notice(name: string): Promise<string> {
  const directory = join(projectDirectory, 'node_modules', name);
  const { version } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
  const licence = await readFile(join(directory, 'LICENSE'), 'utf8');
  return `\n${'='.repeat(80)}\n${name} ${version}\n\n${licence.trim()}\n`;
}
