import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { MODULES } from '../../src/modules.ts';
import { readDocumentation } from '../build/module-documentation.ts';
import { projectDirectory } from '../build/project-directory.ts';
import { referenceIndex, referencePage } from './reference-page.ts';

// Builds the site from docs/ into docs/.vitepress/dist. With --dev, serves the site and updates it
// after each change.

const docs = join(projectDirectory, 'docs');
const reference = join(docs, 'reference');

await rm(reference, { recursive: true, force: true });
await mkdir(reference);
const modules = await Promise.all(MODULES.map(({ name }) => readDocumentation(name)));
await writeFile(join(reference, 'index.md'), referenceIndex(modules));
for (const documentation of modules) {
  const name = documentation.DOCUMENTATION.module;
  await writeFile(join(reference, `${name}.md`), referencePage(documentation));
}
const command = process.argv.includes('--dev') ? 'dev' : 'build';
await execa(join(docs, 'node_modules/.bin/vitepress'), [command, docs], { stdio: 'inherit' });
