import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { buildAll } from './build/build-all.ts';
import { projectDirectory } from './build/project-directory.ts';
import { sizeTable } from './build/size-table.ts';

const { modules, collection } = await buildAll(join(projectDirectory, 'dist'));
console.log(sizeTable(modules));
console.log(`${relative(process.cwd(), collection)}  ${(await stat(collection)).size} bytes`);
