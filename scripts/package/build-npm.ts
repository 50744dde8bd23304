import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { BuildResult } from '../build/build-all.ts';
import { projectDirectory } from '../build/project-directory.ts';
import type { Publisher } from '../build/publisher.ts';
import { requiredNode } from '../build/required-node.ts';
import { renderCycloneDx, sbomFileName } from '../build/sbom.ts';
import { stageFiles } from './stage-files.ts';

/**
 * Packs the build in `buildDirectory` into a tarball for `npm install -g FILE`, and returns its
 * path. The unpacked files stay in `<buildDirectory>/npm`. Their package.json is generated, because
 * the project's package.json is private.
 */
export async function buildNpm(
  directory: string,
  buildDirectory: string,
  built: BuildResult,
  publisher: Publisher | undefined,
): Promise<string> {
  const staging = join(buildDirectory, 'npm');
  const readme = await readFile(join(projectDirectory, 'packaging/npm/README.md'), 'utf8');
  await rm(staging, { recursive: true, force: true });
  // `stageFiles` sets the file modes regardless of the umask, and npm keeps them.
  await stageFiles(
    staging,
    [
      ...(await Promise.all(
        built.modules.map(async ({ name }) => ({
          path: `bin/${name}`,
          content: await readFile(join(buildDirectory, 'modules', name)),
          executable: true,
        })),
      )),
      ...(await Promise.all(
        built.modules.map(async ({ name }) => ({
          path: `schema/${name}.json`,
          content: await readFile(join(buildDirectory, 'schema', `${name}.json`)),
        })),
      )),
      {
        path: 'THIRD-PARTY-NOTICES',
        content: await readFile(join(buildDirectory, 'THIRD-PARTY-NOTICES')),
      },
      { path: sbomFileName, content: renderCycloneDx(built.sbom) },
      { path: 'LICENSE', content: await readFile(join(projectDirectory, 'LICENSE')) },
      { path: 'CHANGELOG.md', content: await readFile(join(projectDirectory, 'CHANGELOG.md')) },
      {
        path: 'README.md',
        content: readme
          .replace('@version@', built.version)
          .replace('@required_node@', requiredNode),
      },
      {
        path: 'package.json',
        content: `${JSON.stringify(await manifest(built, publisher), null, 2)}\n`,
      },
    ],
    built.time,
  );
  const { stdout } = await execa(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory],
    { cwd: staging },
  );
  return join(directory, stdout.trim());
}

async function manifest(
  { version, modules }: BuildResult,
  publisher: Publisher | undefined,
): Promise<Record<string, unknown>> {
  const text = await readFile(join(projectDirectory, 'package.json'), 'utf8');
  const { name, description, license } = JSON.parse(text);
  return {
    name,
    version,
    description,
    license,
    ...(publisher && {
      homepage: publisher.homepage,
      repository: { type: 'git', url: `git+${publisher.repository.replace(/(\.git)?$/, '.git')}` },
      bugs: { url: publisher.issues },
    }),
    os: ['linux', 'darwin'],
    engines: { node: `>=${requiredNode}` },
    bin: Object.fromEntries(modules.map((module) => [module.name, `bin/${module.name}`])),
    files: ['bin', 'schema', 'THIRD-PARTY-NOTICES', sbomFileName, 'CHANGELOG.md'],
  };
}
