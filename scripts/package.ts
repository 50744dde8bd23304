import { join, relative } from 'node:path';
import { buildAll } from './build/build-all.ts';
import { projectDirectory } from './build/project-directory.ts';
import { buildPackages } from './package/build-packages.ts';
import { packageTable } from './package/package-table.ts';

const dist = join(projectDirectory, 'dist');
const packages = join(dist, 'packages');
const runtime = !process.argv.includes('--without-runtime');
const leftOut = await buildPackages(packages, dist, await buildAll(dist), { runtime });
console.log(await packageTable(packages));
for (const file of leftOut) {
  console.log(`${file} is left out: this machine has no tool to make it with.`);
}
console.log(`All of it, and SHA256SUMS, in ${relative(process.cwd(), packages)}`);
