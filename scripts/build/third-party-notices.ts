import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundledPackage } from './bundled-packages.ts';
import { projectDirectory } from './project-directory.ts';

/** Returns the licences of all packages in the bundles, one after another. */
export async function thirdPartyNotices(packages: readonly BundledPackage[]): Promise<string> {
  const notices = await Promise.all(packages.map(readNotice));
  return `The modules contain parts of these packages:\n${notices.join('')}`;
}

async function readNotice({ name, version }: BundledPackage): Promise<string> {
  const licence = await readFile(join(projectDirectory, 'node_modules', name, 'LICENSE'), 'utf8');
  return `\n${'='.repeat(80)}\n${name} ${version}\n\n${licence.trim()}\n`;
}
