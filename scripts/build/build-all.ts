import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { MODULES } from '../../src/modules.ts';
import { type BuildVersion, developmentVersion } from './build-version.ts';
import { type Bundle, bundleModule } from './bundle-module.ts';
import { bundledPackages } from './bundled-packages.ts';
import { collectionFileName, collectionTarball, isCollectionFile } from './collection.ts';
import { executableHeader } from './executable-header.ts';
import { readDocumentation, renderDocumentation } from './module-documentation.ts';
import { modulesSbom } from './modules-sbom.ts';
import { optionsSchema } from './options-schema.ts';
import type { Publisher } from './publisher.ts';
import { renderCycloneDx, type Sbom, sbomFileName } from './sbom.ts';
import { thirdPartyNotices } from './third-party-notices.ts';
import { writeFileAtomically } from './write-file.ts';

/**
 * The size limit of an executable in bytes. Node.js reads and parses the whole file at every start.
 */
export const MAX_EXECUTABLE_BYTES = 200_000;

/** A built executable with its size in bytes and esbuild's list of its contents. */
export interface BuiltModule {
  readonly name: string;
  readonly bytes: number;
  readonly metafile: Metafile;
}

/**
 * The result of a build. The build wrote `<directory>/modules/<name>` for each module,
 * `<directory>/THIRD-PARTY-NOTICES`, `<directory>/sbom.cdx.json`, and the collection. The field
 * `collection` is the path of the collection.
 */
export interface BuildResult extends BuildVersion {
  readonly modules: readonly BuiltModule[];
  readonly collection: string;
  readonly sbom: Sbom;
}

/** The options of a release build. A development build has no options. */
export interface ReleaseOptions extends BuildVersion {
  readonly publisher: Publisher;
}

/**
 * Builds every module and the collection into a directory. Without `release`, makes a development
 * build. Overwrites the files of an earlier build, and removes those that the new build lacks.
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
  const sbom = await modulesSbom({ version, time }, bundles, packages, release?.publisher);
  const modules = await Promise.all(
    bundles.map(async ({ name, text }) => {
      const documentation = await readDocumentation(name);
      return {
        name,
        shortDescription: documentation.DOCUMENTATION.short_description,
        versionAdded: documentation.DOCUMENTATION.version_added,
        executable: text,
        documentation: renderDocumentation(documentation),
        schema: `${JSON.stringify(optionsSchema(documentation), null, 2)}\n`,
      };
    }),
  );
  const collection = collectionFileName(version);

  const files: readonly (readonly [path: string, content: string | Uint8Array, mode?: number])[] = [
    ['package.json', '{"type":"commonjs"}\n'],
    ['THIRD-PARTY-NOTICES', notices],
    [sbomFileName, renderCycloneDx(sbom)],
    [
      collection,
      await collectionTarball(
        version,
        modules,
        { 'THIRD-PARTY-NOTICES': notices, [sbomFileName]: renderCycloneDx(sbom) },
        release?.publisher,
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
    await writeFileAtomically(directory, path, content, mode);
  }
  // Ansible could run a leftover file beside a module instead of the module.
  const expected = modules.flatMap(({ name }) => [name, `${name}.yml`]);
  await removeFiles(join(directory, 'modules'), (file) => !expected.includes(file));
  await removeFiles(join(directory, 'schema'), (file) => !expected.includes(file.slice(0, -5)));
  // Removes collections of other versions. `dist/*.tar.gz` must match only the new collection.
  await removeFiles(directory, (file) => isCollectionFile(file) && file !== collection);
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
  if (bytes > MAX_EXECUTABLE_BYTES) {
    throw new Error(
      `${name} has ${bytes} bytes. The limit is ${MAX_EXECUTABLE_BYTES}. Check its imports.`,
    );
  }
}

async function removeFiles(
  directory: string,
  isUnwanted: (file: string) => boolean,
): Promise<void> {
  for (const file of await readdir(directory)) {
    if (isUnwanted(file)) await rm(join(directory, file), { recursive: true });
  }
}
