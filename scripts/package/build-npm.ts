import { chmod, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { BuildResult } from '../build/build-all.ts';
import { projectFolder } from '../build/project-folder.ts';
import type { ProjectLinks } from '../build/project-links.ts';
import { requiredNode } from '../build/required-node.ts';

/**
 * Packs a build in `from` for `npm install -g FILE` into a folder and gives the file's path. What is
 * packed is left in `<from>/npm`; the project's own package.json, which has none of this, stays
 * private.
 */
export async function buildNpm(
  folder: string,
  from: string,
  built: BuildResult,
  links: ProjectLinks | undefined,
): Promise<string> {
  const staging = join(from, 'npm');
  await rm(staging, { recursive: true, force: true });
  await mkdir(join(staging, 'bin'), { recursive: true });
  for (const { name } of built.modules) {
    await copyFile(join(from, 'modules', name), join(staging, 'bin', name));
    await chmod(join(staging, 'bin', name), 0o755);
  }
  await copyFile(join(from, 'THIRD-PARTY-NOTICES'), join(staging, 'THIRD-PARTY-NOTICES'));
  for (const file of ['LICENSE', 'CHANGELOG.md']) {
    await copyFile(join(projectFolder, file), join(staging, file));
  }
  const readme = await readFile(join(projectFolder, 'packaging/npm/README.md'), 'utf8');
  await writeFile(
    join(staging, 'README.md'),
    readme.replace('@version@', built.version).replace('@required_node@', requiredNode),
  );
  await writeFile(
    join(staging, 'package.json'),
    `${JSON.stringify(await manifest(built, links), null, 2)}\n`,
  );
  const { stdout } = await execa(
    'npm',
    ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder],
    { cwd: staging },
  );
  return join(folder, stdout.trim());
}

async function manifest(
  { version, modules }: BuildResult,
  links: ProjectLinks | undefined,
): Promise<Record<string, unknown>> {
  const text = await readFile(join(projectFolder, 'package.json'), 'utf8');
  const { name, description, license } = JSON.parse(text);
  return {
    name,
    version,
    description,
    license,
    ...(links && {
      homepage: links.homepage,
      repository: { type: 'git', url: `git+${links.repository.replace(/(\.git)?$/, '.git')}` },
      bugs: { url: links.issues },
    }),
    os: ['linux', 'darwin'],
    engines: { node: `>=${requiredNode}` },
    bin: Object.fromEntries(modules.map((module) => [module.name, `bin/${module.name}`])),
    files: ['bin', 'THIRD-PARTY-NOTICES', 'CHANGELOG.md'],
  };
}
