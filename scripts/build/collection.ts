import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative } from 'node:path';
import { parse, stringify } from 'yaml';
import { HOST_MODULES } from '../../src/modules.ts';
import { collectionChangelog, type ModuleSince } from './changelog.ts';
import { collectionName } from './collection-name.ts';
import { projectDirectory } from './project-directory.ts';
import type { ProjectLinks } from './project-links.ts';
import { requiredNode } from './required-node.ts';
import { type TarballFile, tarball } from './tarball.ts';

/** The versions of ansible-core, 2.NN, whose sanity tests are told what does not apply. */
const SANITY_VERSIONS = [14, 15, 16, 17, 18, 19, 20, 21, 22];

/** The folders of `collection/` that the collection has, too. */
const COPIED = ['changelogs', 'roles', 'tests'];

/** A module as the collection carries it. */
export interface CollectionModule extends ModuleSince {
  /** The executable's text. */
  readonly executable: string;
  /** The YAML text of the file beside it. */
  readonly documentation: string;
}

/** The file name under which Ansible Galaxy expects the collection. */
export function collectionFileName(version: string): string {
  return `${collectionName.namespace}-${collectionName.name}-${version}.tar.gz`;
}

/** Whether a file is called like the collection in one of its versions. */
export function isCollection(file: string): boolean {
  const [before = '', after = ''] = collectionFileName('*').split('*');
  return file.startsWith(before) && file.endsWith(after);
}

/**
 * The collection as `ansible-galaxy collection install` takes it, with the manifests that
 * `ansible-galaxy collection build` would write (their format is 1 in ansible-core 2.9 to 2.19).
 */
export async function collectionTarball(
  version: string,
  modules: readonly CollectionModule[],
  thirdPartyNotices: string,
  links?: ProjectLinks,
): Promise<Buffer> {
  const changelog = await projectFile('CHANGELOG.md');
  const names = modules.map(({ name }) => name);
  const content = [
    { path: 'CHANGELOG.md', content: changelog },
    { path: 'LICENSE', content: await projectFile('LICENSE') },
    { path: 'README.md', content: await readme(version, modules) },
    { path: 'THIRD-PARTY-NOTICES', content: thirdPartyNotices },
    { path: 'changelogs/changelog.yaml', content: collectionChangelog(changelog, modules) },
    { path: 'meta/runtime.yml', content: runtime() },
    ...(await copied()),
    ...SANITY_VERSIONS.map((minor) => ({
      path: `tests/sanity/ignore-2.${minor}.txt`,
      content: names
        .flatMap((name) => sanityIgnores(minor, name))
        .join('\n')
        .concat('\n'),
    })),
    ...modules.flatMap(({ name, executable, documentation }) => [
      { path: `plugins/modules/${name}`, content: executable, executable: true },
      { path: `plugins/modules/${name}.yml`, content: documentation },
    ]),
  ];
  const directories = foldersOf(content);
  const files = json({
    files: [...['.', ...directories].map(folderEntry), ...content.map(fileEntry)],
    format: 1,
  });
  const manifest = json({
    collection_info: await collectionInfo(version, links),
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

function projectFile(path: string): Promise<string> {
  return readFile(join(projectDirectory, path), 'utf8');
}

/** What the collection takes over from `collection/`, sorted. */
async function copied(): Promise<TarballFile[]> {
  const entries = await Promise.all(
    COPIED.map((directory) =>
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
    .sort();
  return Promise.all(
    paths.map(async (path) => {
      const content = await projectFile(join('collection', path));
      return { path, content: content.replaceAll('@required_node@', requiredNode) };
    }),
  );
}

async function readme(version: string, modules: readonly CollectionModule[]): Promise<string> {
  const rows = modules.map(({ name, shortDescription }) => `| \`${name}\` | ${shortDescription} |`);
  const table = ['| module | what it does |', '|---|---|', ...rows].join('\n');
  const template = await projectFile('collection/README.md');
  return template
    .replace('@modules@', table)
    .replace('@required_node@', requiredNode)
    .replaceAll('@version@', version);
}

/** Galaxy takes no collection without a repository, so a development build stays off it. */
async function collectionInfo(
  version: string,
  links: ProjectLinks | undefined,
): Promise<Record<string, unknown>> {
  return {
    ...collectionName,
    version,
    readme: 'README.md',
    license_file: null,
    dependencies: {},
    repository: links?.repository ?? null,
    documentation: links?.documentation ?? null,
    homepage: links?.homepage ?? null,
    issues: links?.issues ?? null,
    ...parse(await projectFile('collection/galaxy.yml')),
  };
}

/**
 * The action group is what `module_defaults: group/systemcontext.jumpcloud.all` refers to: an option that
 * one member does not have would break it, so the modules of the control node are not in it.
 */
function runtime(): string {
  const all = HOST_MODULES.map(({ name }) => name).sort();
  return stringify({ requires_ansible: '>=2.14.0', action_groups: { all } });
}

/**
 * What `ansible-test sanity` wants of Python modules, and of those under Ansible's own licence; tried
 * on 2.14 and 2.19. An entry that is not needed is an error too.
 */
function sanityIgnores(minor: number, module: string): string[] {
  const executable = `plugins/modules/${module}`;
  return [
    `${executable} shebang`,
    `${executable} validate-modules:invalid-extension`,
    // 2.14 goes on to read it as Python, and then no further.
    `${executable} validate-modules:${minor === 14 ? 'python-syntax-error' : 'missing-gplv3-license'}`,
    `${executable}.yml validate-modules:missing-gplv3-license`,
  ];
}

function foldersOf(files: readonly TarballFile[]): string[] {
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

function folderEntry(name: string): Record<string, unknown> {
  return { name, ftype: 'dir', chksum_type: null, chksum_sha256: null, format: 1 };
}

function fileEntry({ path, content }: TarballFile): Record<string, unknown> {
  const chksum_sha256 = createHash('sha256').update(content).digest('hex');
  return { name: path, ftype: 'file', chksum_type: 'sha256', chksum_sha256, format: 1 };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
