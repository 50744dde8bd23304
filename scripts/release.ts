import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { developmentVersion, projectVersion } from './build/build-version.ts';
import { projectFolder } from './build/project-folder.ts';
import { makeRelease } from './package/make-release.ts';
import { packageTable } from './package/package-table.ts';
import { readRelease, releaseUsage } from './package/read-release.ts';

const dist = join(projectFolder, 'dist');
const folder = join(dist, 'release');
try {
  const changelog = await readFile(join(projectFolder, 'CHANGELOG.md'), 'utf8');
  const release = readRelease(process.argv.slice(2), await projectVersion(), changelog);
  if ((await developmentVersion()).version.endsWith('.modified')) {
    throw new Error('No release is made: files differ from the commit. Commit them first.');
  }
  await makeRelease(folder, dist, release);
  console.log(await packageTable(folder));
  console.log(`Release ${release.version}, in ${relative(process.cwd(), folder)}`);
} catch (error) {
  console.error(`${error instanceof Error ? error.message.trimEnd() : error}\n\n${releaseUsage}`);
  process.exitCode = 1;
}
