import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { MODULES } from '../../src/modules.ts';
import { type Bundle, bundleModule } from './bundle-module.ts';
import { collectionFileName, collectionTarball } from './collection.ts';
import { executableHeader } from './executable-header.ts';
import { documentationFile, readDocumentation } from './module-documentation.ts';
import { projectFolder } from './project-folder.ts';
import { thirdPartyNotices } from './third-party-notices.ts';
import { writeFileAtOnce } from './write-file.ts';

/** In bytes. Every start of a module reads and parses the whole file. */
export const largestExecutable = 166_000;

/** One built executable: its size in bytes, and what esbuild put into it. */
export interface BuiltModule {
  readonly name: string;
  readonly bytes: number;
  readonly metafile: Metafile;
}

/** What a build wrote: `<folder>/modules/<name>` for each module, and the collection's path. */
export interface BuildResult {
  readonly modules: readonly BuiltModule[];
  readonly collection: string;
}

/**
 * Builds every module and the collection into a folder. Files of an earlier build are replaced, and
 * removed where nothing takes their place. Throws when an executable is too large.
 */
export async function buildAll(folder: string): Promise<BuildResult> {
  const header = await executableHeader();
  const names = MODULES.map(({ name }) => name).sort();
  const bundles = await Promise.all(names.map((name) => bundleModule(name, header)));
  bundles.forEach(checkSize);

  const notices = await thirdPartyNotices(bundles.map(({ metafile }) => metafile));
  const modules = await Promise.all(
    bundles.map(async ({ name, text }) => {
      const documentation = await readDocumentation(name);
      return {
        name,
        shortDescription: documentation.DOCUMENTATION.short_description,
        versionAdded: documentation.DOCUMENTATION.version_added,
        executable: text,
        documentation: documentationFile(documentation),
      };
    }),
  );
  const version = await projectVersion();
  const collection = join(folder, collectionFileName(version));

  const files: readonly (readonly [path: string, content: string | Uint8Array, mode?: number])[] = [
    ['package.json', '{"type":"commonjs"}\n'],
    ['THIRD-PARTY-NOTICES', notices],
    [collectionFileName(version), await collectionTarball(version, modules, notices)],
    ...bundles.map(
      ({ name, metafile }) => [`meta/${name}.json`, JSON.stringify(metafile)] as const,
    ),
    ...modules.flatMap(({ name, executable, documentation }) => [
      [`modules/${name}`, executable, 0o755] as const,
      [`modules/${name}.yml`, documentation] as const,
    ]),
  ];
  for (const [path, content, mode] of files) {
    await writeFileAtOnce(folder, path, content, mode);
  }
  await removeOthers(
    join(folder, 'modules'),
    modules.flatMap(({ name }) => [name, `${name}.yml`]),
  );
  return {
    modules: bundles.map(({ name, text, metafile }) => ({
      name,
      bytes: Buffer.byteLength(text),
      metafile,
    })),
    collection,
  };
}

async function projectVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(projectFolder, 'package.json'), 'utf8'));
  return version;
}

function checkSize({ name, text }: Bundle): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > largestExecutable) {
    throw new Error(
      `${name} has ${bytes} bytes; at most ${largestExecutable} are allowed. See what it imports.`,
    );
  }
}

/** Ansible takes a stray file beside a module for the module. */
async function removeOthers(folder: string, expected: readonly string[]): Promise<void> {
  for (const file of await readdir(folder)) {
    if (!expected.includes(file)) await rm(join(folder, file), { recursive: true });
  }
}
