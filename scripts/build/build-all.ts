import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { MODULES } from '../../src/modules.ts';
import { type BuildVersion, developmentVersion } from './build-version.ts';
import { type Bundle, bundleModule } from './bundle-module.ts';
import { bundledPackages } from './bundled-packages.ts';
import { collectionFileName, collectionTarball, isCollection } from './collection.ts';
import { executableHeader } from './executable-header.ts';
import { documentationFile, readDocumentation } from './module-documentation.ts';
import { modulesSbom } from './modules-sbom.ts';
import { optionsSchema } from './options-schema.ts';
import type { ProjectLinks } from './project-links.ts';
import { cyclonedx, type Sbom, sbomFileName } from './sbom.ts';
import { thirdPartyNotices } from './third-party-notices.ts';
import { writeFileAtOnce } from './write-file.ts';

/** The size limit in bytes. Every start of a module reads and parses the whole file. */
export const largestExecutable = 200_000;

/** A built executable: its size in bytes, and esbuild's list of its contents. */
export interface BuiltModule {
  readonly name: string;
  readonly bytes: number;
  readonly metafile: Metafile;
}

/**
 * The files that a build wrote: `<directory>/modules/<name>` for each module,
 * `<directory>/THIRD-PARTY-NOTICES`, `<directory>/sbom.cdx.json`, and the collection at its path.
 */
export interface BuildResult extends BuildVersion {
  readonly modules: readonly BuiltModule[];
  readonly collection: string;
  readonly sbom: Sbom;
}

/** The options of a release build; a development build has none. */
export interface ReleaseOptions extends BuildVersion {
  readonly links: ProjectLinks;
}

/**
 * Builds every module and the collection into a directory. Without `release`, the result is a
 * development build. Files of an earlier build are replaced, or removed if the new build lacks them.
 * @throws Error when an executable is too large
 */
export async function buildAll(directory: string, release?: ReleaseOptions): Promise<BuildResult> {
  const { version, time } = release ?? (await developmentVersion());
  const header = await executableHeader();
  const names = MODULES.map(({ name }) => name).sort();
  const bundles = await Promise.all(names.map((name) => bundleModule(name, header, version)));
  bundles.forEach(checkSize);

  const packages = await bundledPackages(bundles.map(({ metafile }) => metafile));
  const notices = await thirdPartyNotices(packages);
  const sbom = await modulesSbom({ version, time }, bundles, packages, release?.links);
  const modules = await Promise.all(
    bundles.map(async ({ name, text }) => {
      const documentation = await readDocumentation(name);
      return {
        name,
        shortDescription: documentation.DOCUMENTATION.short_description,
        versionAdded: documentation.DOCUMENTATION.version_added,
        executable: text,
        documentation: documentationFile(documentation),
        schema: `${JSON.stringify(optionsSchema(documentation), null, 2)}\n`,
      };
    }),
  );
  const collection = collectionFileName(version);

  const files: readonly (readonly [path: string, content: string | Uint8Array, mode?: number])[] = [
    ['package.json', '{"type":"commonjs"}\n'],
    ['THIRD-PARTY-NOTICES', notices],
    [sbomFileName, cyclonedx(sbom)],
    [
      collection,
      await collectionTarball(
        version,
        modules,
        { 'THIRD-PARTY-NOTICES': notices, [sbomFileName]: cyclonedx(sbom) },
        release?.links,
      ),
    ],
    ...bundles.map(
      ({ name, metafile }) => [`meta/${name}.json`, JSON.stringify(metafile)] as const,
    ),
    ...modules.flatMap(({ name, executable, documentation, schema }) => [
      [`schema/${name}.json`, schema] as const,
      [`modules/${name}`, executable, 0o755] as const,
      [`modules/${name}.yml`, documentation] as const,
    ]),
  ];
  for (const [path, content, mode] of files) {
    await writeFileAtOnce(directory, path, content, mode);
  }
  // Ansible would run a leftover file beside a module as that module.
  const expected = modules.flatMap(({ name }) => [name, `${name}.yml`]);
  await removeFiles(join(directory, 'modules'), (file) => !expected.includes(file));
  await removeFiles(join(directory, 'schema'), (file) => !expected.includes(file.slice(0, -5)));
  // Each version has its own file name, and `dist/*.tar.gz` must match the newest one only.
  await removeFiles(directory, (file) => isCollection(file) && file !== collection);
  return {
    version,
    time,
    modules: bundles.map(({ name, text, metafile }) => ({
      name,
      bytes: Buffer.byteLength(text),
      metafile,
    })),
    collection: join(directory, collection),
    sbom,
  };
}

function checkSize({ name, text }: Bundle): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > largestExecutable) {
    throw new Error(
      `${name} has ${bytes} bytes; at most ${largestExecutable} are allowed. Check its imports.`,
    );
  }
}

async function removeFiles(directory: string, unwanted: (file: string) => boolean): Promise<void> {
  for (const file of await readdir(directory)) {
    if (unwanted(file)) await rm(join(directory, file), { recursive: true });
  }
}
