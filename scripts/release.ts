import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { developmentVersion, projectVersion } from './build/build-version.ts';
import { projectDirectory } from './build/project-directory.ts';
import { makeRelease } from './package/make-release.ts';
import { packageTable } from './package/package-table.ts';
import { readRelease, releaseUsage } from './package/read-release.ts';

const dist = join(projectDirectory, 'dist');
const directory = join(dist, 'release');
try {
  const changelog = await readFile(join(projectDirectory, 'CHANGELOG.md'), 'utf8');
  const release = readRelease(process.argv.slice(2), await projectVersion(), changelog);
  if ((await developmentVersion()).version.endsWith('.modified')) {
    throw new Error('No release is made, because files differ from the commit. Commit them first.');
  }
  await makeRelease(directory, dist, release);
  console.log(await packageTable(directory));
  console.log(`Release ${release.version}, in ${relative(process.cwd(), directory)}`);
} catch (error) {
  console.error(`${error instanceof Error ? error.message.trimEnd() : error}\n\n${releaseUsage}`);
  process.exitCode = 1;
}
