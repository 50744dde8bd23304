import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { parse } from 'yaml';
import { collectionChangelog, type ModuleSummary } from './changelog.ts';
import { collectionName } from './collection-name.ts';
import { collectionRuntime } from './collection-runtime.ts';
import { projectDirectory } from './project-directory.ts';
import type { Publisher } from './publisher.ts';
import { requiredNode } from './required-node.ts';
import { sanityIgnoreFiles } from './sanity-ignore-files.ts';
import { type TarballFile, tarball } from './tarball.ts';

/** The directories and files of `collection/` that are copied into the collection. */
const COPIED_DIRECTORIES = ['changelogs', 'meta', 'plugins', 'roles', 'tests'];

const COPIED_FILES = ['.ansible-lint', '.yamllint', 'bindep.txt'];

/** A module with its files in the collection. */
export interface CollectionModule extends ModuleSummary {
  /** The executable's text. */
  readonly executable: string;
  /** The YAML text of the documentation file beside the executable. */
  readonly documentation: string;
  /** The JSON Schema of the options. */
  readonly schema: string;
}

/** Returns the file name that Ansible Galaxy expects. */
export function collectionFileName(version: string): string {
  return `${collectionName.namespace}-${collectionName.name}-${version}.tar.gz`;
}

/** Returns whether a file name is that of the collection's tarball, in any version. */
export function isCollectionFile(file: string): boolean {
  const [prefix = '', suffix = ''] = collectionFileName('*').split('*');
  return file.startsWith(prefix) && file.endsWith(suffix);
}

/**
 * Builds the tarball for `ansible-galaxy collection install`. Its manifests have format 1, as from
 * `ansible-galaxy collection build` in ansible-core 2.9 to 2.19. `builtTexts` maps the names of
 * further files to their contents.
 */
export async function collectionTarball(
  version: string,
  modules: readonly CollectionModule[],
  builtTexts: Readonly<Record<string, string>>,
  publisher?: Publisher,
): Promise<Buffer> {
  const changelog = await readProjectFile('CHANGELOG.md');
  const names = modules.map(({ name }) => name);
  const content = [
    { path: 'CHANGELOG.md', content: changelog },
    ...(await Promise.all(
      COPIED_FILES.map(async (path) => ({
        path,
        content: await readProjectFile(`collection/${path}`),
      })),
    )),
    { path: 'LICENSE', content: await readProjectFile('LICENSE') },
    { path: 'README.md', content: await renderReadme(version, modules) },
    ...Object.entries(builtTexts).map(([path, content]) => ({ path, content })),
    { path: 'changelogs/changelog.yaml', content: collectionChangelog(changelog, modules) },
    { path: 'meta/runtime.yml', content: collectionRuntime() },
    ...(await readCopiedFiles()),
    ...sanityIgnoreFiles(names),
    ...modules.flatMap(({ name, executable, documentation, schema }) => [
      { path: `plugins/modules/${name}`, content: executable, executable: true },
      { path: `plugins/modules/${name}.yml`, content: documentation },
      { path: `schema/${name}.json`, content: schema },
    ]),
  ];
  const directories = directoriesOf(content);
  const files = toJson({
    files: [...['.', ...directories].map(directoryEntry), ...content.map(fileEntry)],
    format: 1,
  });
  const manifest = toJson({
    collection_info: await collectionInfo(version, publisher),
    file_manifest_file: fileEntry({ path: 'FILES.json', content: files }),
    format: 1,
  });
  return tarball(
    [
      { path: 'MANIFEST.json', content: manifest },
      { path: 'FILES.json', content: files },
      ...content,
    ],
    directories,
  );
}

function readProjectFile(path: string): Promise<string> {
  return readFile(join(projectDirectory, path), 'utf8');
}

/** Reads the files that are copied from `collection/`, sorted by path. */
async function readCopiedFiles(): Promise<TarballFile[]> {
  const entries = await Promise.all(
    COPIED_DIRECTORIES.map((directory) =>
      readdir(join(projectDirectory, 'collection', directory), {
        recursive: true,
        withFileTypes: true,
      }),
    ),
  );
  const paths = entries
    .flat()
    .filter((entry) => entry.isFile())
    .map((entry) =>
      relative(join(projectDirectory, 'collection'), join(entry.parentPath, entry.name)),
    )
    .filter((path) => !path.includes('__pycache__'))
    .sort();
  return Promise.all(
    paths.map(async (path) => {
      const content = await readProjectFile(join('collection', path));
      return { path, content: content.replaceAll('@required_node@', requiredNode) };
    }),
  );
}

async function renderReadme(
  version: string,
  modules: readonly CollectionModule[],
): Promise<string> {
  const rows = modules.map(({ name, shortDescription }) => `| \`${name}\` | ${shortDescription} |`);
  const table = ['| module | what it does |', '|---|---|', ...rows].join('\n');
  const template = await readProjectFile('collection/README.md');
  return template
    .replace('@modules@', table)
    .replace('@required_node@', requiredNode)
    .replaceAll('@version@', version);
}

/**
 * Returns the metadata for Galaxy. Galaxy refuses a development build, because the build names no
 * repository.
 */
async function collectionInfo(
  version: string,
  publisher: Publisher | undefined,
): Promise<Record<string, unknown>> {
  return {
    ...collectionName,
    version,
    authors: [publisher?.maintainer ?? 'the jumpcloud-system-context maintainers'],
    readme: 'README.md',
    license_file: null,
    dependencies: {},
    repository: publisher?.repository ?? null,
    documentation: publisher?.documentation ?? null,
    homepage: publisher?.homepage ?? null,
    issues: publisher?.issues ?? null,
    ...parse(await readProjectFile('collection/metadata.yml')),
  };
}

function directoriesOf(files: readonly TarballFile[]): string[] {
  const directories = new Set<string>();
  for (const { path } of files) {
    for (
      let directory = posix.dirname(path);
      directory !== '.';
      directory = posix.dirname(directory)
    ) {
      directories.add(directory);
    }
  }
  return [...directories].sort();
}

function directoryEntry(name: string): Record<string, unknown> {
  return { name, ftype: 'dir', chksum_type: null, chksum_sha256: null, format: 1 };
}

function fileEntry({ path, content }: TarballFile): Record<string, unknown> {
  const chksum_sha256 = createHash('sha256').update(content).digest('hex');
  return { name: path, ftype: 'file', chksum_type: 'sha256', chksum_sha256, format: 1 };
}

function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
