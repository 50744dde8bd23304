import { stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { buildAll } from './build/build-all.ts';
import { projectFolder } from './build/project-folder.ts';
import { sizeTable } from './build/size-table.ts';

const { modules, collection } = await buildAll(join(projectFolder, 'dist'));
console.log(sizeTable(modules));
console.log(`${relative(process.cwd(), collection)}  ${(await stat(collection)).size} bytes`);
