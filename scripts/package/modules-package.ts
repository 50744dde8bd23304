import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BuildResult } from '../build/build-all.ts';
import { readChangelog } from '../build/changelog.ts';
import { readDocumentation, readSharedDocumentation } from '../build/module-documentation.ts';
import { projectFolder } from '../build/project-folder.ts';
import { requiredNode } from '../build/required-node.ts';
import { manPage } from './man-page.ts';
import type { ChangelogEntry, PackageDescription, PackageScripts } from './package-description.ts';
import type { PackageFile } from './package-file.ts';
import type { Publisher } from './publisher.ts';

/** The name of the package with the modules, in every package manager. */
export const modulesPackageName = 'jumpcloud-system-context';

/** Where the modules lie on a host, and the runtime package's Node.js beside them. */
export const packageFolder = 'usr/lib/jumpcloud-system-context';

const DOC = `usr/share/doc/${modulesPackageName}`;
const EXAMPLES = `${DOC}/examples`;
/** /etc/jumpcloud is where the units look for what the administrator writes. */
const FOLDERS: readonly PackageFile[] = [
  { path: packageFolder, folder: true },
  { path: 'etc/jumpcloud', folder: true },
  { path: DOC, folder: true },
  { path: EXAMPLES, folder: true },
];

/** The package with the modules of a build in `folder`; it runs on any processor. */
export async function modulesPackage(
  folder: string,
  built: BuildResult,
  { maintainer, homepage }: Publisher,
): Promise<PackageDescription> {
  const licence = await projectFile('LICENSE');
  const notices = await readFile(join(folder, 'THIRD-PARTY-NOTICES'), 'utf8');
  return {
    name: modulesPackageName,
    summary: 'Modules that keep a host as described in JumpCloud',
    description: [
      'One executable for each concern of a host: its settings in JumpCloud, the groups it is in, the users bound to it and their sudo, its other associations, its removal. Each makes what is there agree with what it is told, and says whether it changed something.',
      "Requests are signed with the key of the host's JumpCloud agent, so no admin API key is needed on any server.",
    ],
    maintainer,
    homepage,
    version: built.version,
    time: built.time,
    changelog: await changelog(built),
    files: [
      ...FOLDERS,
      ...(
        await Promise.all(built.modules.map(({ name }) => moduleFiles(folder, name, built)))
      ).flat(),
      ...(await filesOf('systemd/programs', packageFolder, true)),
      ...(await filesOf('systemd/presets', 'usr/lib/systemd/system-preset')),
      ...(await filesOf('systemd/units', 'usr/lib/systemd/system')),
      ...(await filesOf('examples', EXAMPLES)),
    ],
    deb: {
      architecture: 'all',
      depends: `jumpcloud-system-context-node | nodejs (>= ${requiredNode})`,
      scripts: await scriptsOf('deb/scripts'),
      copyright: `${licence}\n${notices}`,
      lintianOverrides: await projectFile('packaging/deb/modules.lintian-overrides'),
    },
    rpm: {
      architecture: 'noarch',
      // Red Hat's nodejs has the epoch 1, without which any version of it would do.
      requires: ['/bin/sh', `(jumpcloud-system-context-node or nodejs >= 1:${requiredNode})`],
      findRequires: false,
      scripts: await scriptsOf('rpm/scripts'),
      licences: { LICENSE: licence, 'THIRD-PARTY-NOTICES': notices },
      license: 'MIT',
    },
  };
}

async function moduleFiles(
  folder: string,
  name: string,
  built: BuildResult,
): Promise<PackageFile[]> {
  const page = manPage(await readDocumentation(name), await readSharedDocumentation(), built);
  return [
    {
      path: `${packageFolder}/${name}`,
      content: await readFile(join(folder, 'modules', name)),
      executable: true,
    },
    { path: `usr/bin/${name}`, target: `../lib/jumpcloud-system-context/${name}` },
    { path: `usr/share/man/man8/${name}.8.gz`, content: gzipSync(page, { level: 9 }) },
  ];
}

/** Every file of a folder of `packaging/`, to lie in a folder of the host. */
async function filesOf(folder: string, on: string, executable = false): Promise<PackageFile[]> {
  return Promise.all(
    (await readdir(join(projectFolder, 'packaging', folder))).sort().map(async (file) => ({
      path: `${on}/${file}`,
      content: await projectFile(`packaging/${folder}/${file}`),
      executable,
    })),
  );
}

async function scriptsOf(folder: string): Promise<PackageScripts> {
  const names = (await readdir(join(projectFolder, 'packaging', folder))).sort();
  const texts = await Promise.all(names.map((name) => projectFile(`packaging/${folder}/${name}`)));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

/** What CHANGELOG.md says; what is not released yet has the version and time of the build. */
async function changelog(built: BuildResult): Promise<ChangelogEntry[]> {
  return readChangelog(await projectFile('CHANGELOG.md')).map(({ version, date, changes }) =>
    date === undefined
      ? { version: built.version, time: built.time, changes }
      : { version, time: Date.parse(date) / 1000, changes },
  );
}

function projectFile(path: string): Promise<string> {
  return readFile(join(projectFolder, path), 'utf8');
}
