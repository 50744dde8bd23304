import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BuildResult } from '../build/build-all.ts';
import { readChangelog } from '../build/changelog.ts';
import { readDocumentation, readSharedDocumentation } from '../build/module-documentation.ts';
import { projectDirectory } from '../build/project-directory.ts';
import { requiredNode } from '../build/required-node.ts';
import { renderCycloneDx, sbomFileName } from '../build/sbom.ts';
import { hostPages } from './host-pages.ts';
import { manPage } from './man-page.ts';
import type { PackageContact } from './package-contact.ts';
import type { ChangelogEntry, PackageDescription, PackageScripts } from './package-description.ts';
import type { PackageFile } from './package-file.ts';

/** The name of the package with the modules. It is the same in every package manager. */
export const modulesPackageName = 'jumpcloud-system-context';

/** The directory on a host that contains the modules and the runtime package's Node.js. */
export const packageDirectory = 'usr/lib/jumpcloud-system-context';

const DOC_DIRECTORY = `usr/share/doc/${modulesPackageName}`;
const EXAMPLES_DIRECTORY = `${DOC_DIRECTORY}/examples`;
const SHARE_DIRECTORY = `usr/share/${modulesPackageName}`;
/**
 * The directories of the package. The systemd units read the administrator's files in
 * /etc/jumpcloud.
 */
const DIRECTORIES: readonly PackageFile[] = [
  { path: packageDirectory, directory: true },
  { path: 'etc/jumpcloud', directory: true },
  { path: DOC_DIRECTORY, directory: true },
  { path: EXAMPLES_DIRECTORY, directory: true },
  { path: SHARE_DIRECTORY, directory: true },
  { path: `${SHARE_DIRECTORY}/schema`, directory: true },
];

/** Describes the package with the modules of the build in `directory`, for any processor. */
export async function modulesPackage(
  directory: string,
  built: BuildResult,
  { maintainer, homepage }: PackageContact,
): Promise<PackageDescription> {
  const licence = await readProjectFile('LICENSE');
  const notices = await readFile(join(directory, 'THIRD-PARTY-NOTICES'), 'utf8');
  return {
    name: modulesPackageName,
    summary: "Modules that manage a host's own JumpCloud record",
    description: [
      "Executables that manage a host's record in JumpCloud: its settings, its system groups, the users bound to it and their sudo, its other associations, and its removal. Each compares its options with the record, changes only the differences and reports whether it changed something.",
      "Requests are signed with the key of the host's JumpCloud agent, so no server needs an admin API key.",
    ],
    maintainer,
    homepage,
    version: built.version,
    time: built.time,
    changelog: await readChangelogEntries(built),
    files: [
      ...DIRECTORIES,
      ...(
        await Promise.all(built.modules.map(({ name }) => readModuleFiles(directory, name, built)))
      ).flat(),
      ...(await readPackageFiles('systemd/programs', packageDirectory, true)),
      ...(await readPackageFiles('systemd/presets', 'usr/lib/systemd/system-preset')),
      ...(await readPackageFiles('systemd/units', 'usr/lib/systemd/system')),
      ...(await readPackageFiles('examples', EXAMPLES_DIRECTORY)),
      ...(await hostPages(DOC_DIRECTORY)),
      { path: `${DOC_DIRECTORY}/${sbomFileName}`, content: renderCycloneDx(built.sbom) },
    ],
    deb: {
      architecture: 'all',
      depends: `jumpcloud-system-context-node | nodejs (>= ${requiredNode})`,
      scripts: await readScripts('deb/scripts'),
      copyright: `${licence}\n${notices}`,
      lintianOverrides: await readProjectFile('packaging/deb/modules.lintian-overrides'),
    },
    rpm: {
      architecture: 'noarch',
      // Red Hat's nodejs has the epoch 1. Without the epoch here, any version would be accepted.
      requires: ['/bin/sh', `(jumpcloud-system-context-node or nodejs >= 1:${requiredNode})`],
      requiresLibraries: false,
      scripts: await readScripts('rpm/scripts'),
      licences: { LICENSE: licence, 'THIRD-PARTY-NOTICES': notices },
      license: 'MIT',
    },
  };
}

async function readModuleFiles(
  directory: string,
  name: string,
  built: BuildResult,
): Promise<PackageFile[]> {
  const page = manPage(await readDocumentation(name), await readSharedDocumentation(), built);
  return [
    {
      path: `${packageDirectory}/${name}`,
      content: await readFile(join(directory, 'modules', name)),
      executable: true,
    },
    { path: `usr/bin/${name}`, target: `../lib/jumpcloud-system-context/${name}` },
    {
      path: `${SHARE_DIRECTORY}/schema/${name}.json`,
      content: await readFile(join(directory, 'schema', `${name}.json`)),
    },
    { path: `usr/share/man/man8/${name}.8.gz`, content: gzipSync(page, { level: 9 }) },
  ];
}

/** Reads all files of a directory in `packaging/`. A host gets them in the directory `target`. */
async function readPackageFiles(
  directory: string,
  target: string,
  executable = false,
): Promise<PackageFile[]> {
  return Promise.all(
    (await readdir(join(projectDirectory, 'packaging', directory))).sort().map(async (file) => ({
      path: `${target}/${file}`,
      content: await readProjectFile(`packaging/${directory}/${file}`),
      executable,
    })),
  );
}

async function readScripts(directory: string): Promise<PackageScripts> {
  const names = (await readdir(join(projectDirectory, 'packaging', directory))).sort();
  const texts = await Promise.all(
    names.map((name) => readProjectFile(`packaging/${directory}/${name}`)),
  );
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']));
}

/** Reads CHANGELOG.md. A version that is not released yet gets the build's version and time. */
async function readChangelogEntries(built: BuildResult): Promise<ChangelogEntry[]> {
  return readChangelog(await readProjectFile('CHANGELOG.md')).map(({ version, date, changes }) =>
    date === undefined
      ? { version: built.version, time: built.time, changes }
      : { version, time: Date.parse(date) / 1000, changes },
  );
}

function readProjectFile(path: string): Promise<string> {
  return readFile(join(projectDirectory, path), 'utf8');
}
