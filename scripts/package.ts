import { join, relative } from 'node:path';
import { buildAll } from './build/build-all.ts';
import { projectDirectory } from './build/project-directory.ts';
import { buildPackages } from './package/build-packages.ts';
import { packageTable } from './package/package-table.ts';

const dist = join(projectDirectory, 'dist');
const packagesDirectory = join(dist, 'packages');
const includesRuntime = !process.argv.includes('--without-runtime');
const skippedFiles = await buildPackages(packagesDirectory, dist, await buildAll(dist), {
  includesRuntime,
});
console.log(await packageTable(packagesDirectory));
for (const file of skippedFiles) {
  console.log(`${file} was not made, because its packaging tool is not installed on this machine.`);
}
console.log(`The packages and SHA256SUMS are in ${relative(process.cwd(), packagesDirectory)}`);
