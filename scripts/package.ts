import { join, relative } from 'node:path';
import { buildAll } from './build/build-all.ts';
import { projectDirectory } from './build/project-directory.ts';
import { buildPackages } from './package/build-packages.ts';
import { packageTable } from './package/package-table.ts';

const dist = join(projectDirectory, 'dist');
const packages = join(dist, 'packages');
const runtime = !process.argv.includes('--without-runtime');
const skippedFiles = await buildPackages(packages, dist, await buildAll(dist), { runtime });
console.log(await packageTable(packages));
for (const file of skippedFiles) {
  console.log(`${file} was not made, because its packaging tool is not installed on this machine.`);
}
console.log(`The packages and SHA256SUMS are in ${relative(process.cwd(), packages)}`);
