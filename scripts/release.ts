import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { developmentVersion, readProjectVersion } from './build/build-version.ts';
import { projectDirectory } from './build/project-directory.ts';
import { makeRelease } from './package/make-release.ts';
import { readRelease, releaseUsage } from './package/read-release.ts';
import { releaseTable } from './package/release-table.ts';
import { readPublisherSettings } from './package/settings.ts';
import { Signer } from './package/signer.ts';

// Removes the key from the environment of the programs that the build runs.
const { SIGNING_KEY: signingKey, SIGNING_KEY_PASSPHRASE: passphrase } = process.env;
delete process.env['SIGNING_KEY'];
delete process.env['SIGNING_KEY_PASSPHRASE'];

const dist = join(projectDirectory, 'dist');
const directories = {
  dist,
  release: join(dist, 'release'),
  repository: join(dist, 'repository'),
};
const readProjectFile = (path: string) => readFile(join(projectDirectory, path), 'utf8');
try {
  const release = readRelease({
    args: process.argv.slice(2),
    version: await readProjectVersion(),
    changelog: await readProjectFile('CHANGELOG.md'),
    codeOwners: await readProjectFile('.github/CODEOWNERS'),
    settings: await readPublisherSettings(),
    signingKey,
  });
  if ((await developmentVersion()).version.endsWith('.modified')) {
    throw new Error('No release is made, because files differ from the commit. Commit them first.');
  }
  const signer = await Signer.open(signingKey ?? '', passphrase);
  try {
    await makeRelease(directories, release, signer);
    console.log(await releaseTable(directories.release));
    console.log(
      `Release ${release.version} is in ${relative(process.cwd(), directories.release)},`,
    );
    console.log(
      `the repositories for apt and dnf in ${relative(process.cwd(), directories.repository)}.`,
    );
    console.log(`Signed with ${signer.fingerprint}, and verified with its public key.`);
  } finally {
    await signer.close();
  }
} catch (error) {
  console.error(`${error instanceof Error ? error.message.trimEnd() : error}\n\n${releaseUsage}`);
  process.exitCode = 1;
}
