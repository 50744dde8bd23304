import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { projectDirectory } from '../../scripts/build/project-directory.ts';
import { buildDeb, debFileName } from '../../scripts/package/build-deb.ts';
import { buildRpm, rpmFileName } from '../../scripts/package/build-rpm.ts';
import type { PackageDescription } from '../../scripts/package/package-description.ts';
import { cacheDirectory } from '../../scripts/package/runtime.ts';

/**
 * The directory for packages with Node.js that are kept for later runs. Each package has a
 * subdirectory, which is named after the hash of its input.
 */
const PACKAGE_CACHE = join(cacheDirectory, 'packages');

const FORMATS = {
  deb: { build: buildDeb, fileName: debFileName, tool: 'dpkg-deb' },
  rpm: { build: buildRpm, fileName: rpmFileName, tool: 'rpmbuild' },
} as const;

/**
 * Makes a package with fast compression, or returns the package of an earlier run. The package is
 * made again when its description, the code that packs it, or the packaging tool differs.
 */
export async function makeCachedPackage(
  description: PackageDescription,
  format: keyof typeof FORMATS,
): Promise<string> {
  const { build, fileName, tool } = FORMATS[format];
  const hash = createHash('sha256');
  for (const name of ['build-deb', 'build-rpm', 'stage-files', 'package-version']) {
    hash.update(await readFile(join(projectDirectory, `scripts/package/${name}.ts`)));
  }
  hash.update((await execa(tool, ['--version'])).stdout);
  const { files, ...rest } = description;
  hash.update(JSON.stringify(rest));
  for (const { path, ...file } of files) {
    hash.update(JSON.stringify([path, 'executable' in file && file.executable === true]));
    if ('content' in file) hash.update(file.content);
  }
  const path = join(PACKAGE_CACHE, hash.digest('hex').slice(0, 16), fileName(description));
  if (await touchIfCached(path)) return path;
  await mkdir(PACKAGE_CACHE, { recursive: true });
  // The package is renamed when it is complete, so that a kept package is never incomplete.
  const unfinished = await mkdtemp(join(PACKAGE_CACHE, '.unfinished-'));
  try {
    await build(unfinished, description, 0);
    await mkdir(join(path, '..'), { recursive: true });
    await rename(join(unfinished, basename(path)), path);
  } finally {
    await rm(unfinished, { recursive: true });
  }
  return path;
}

/**
 * Returns the output of a program that reads a kept package. Stores the output in a file next to
 * the package for later runs.
 */
export async function readCachedOutput(
  path: string,
  program: string,
  words: readonly string[],
): Promise<string> {
  const { stdout: version } = await execa(program, ['--version']);
  const call = JSON.stringify([version, words, await configurationOf(words)]);
  const id = createHash('sha256').update(call).digest('hex').slice(0, 16);
  const kept = `${path}.${program}-${id}`;
  if (await touchIfCached(kept)) return readFile(kept, 'utf8');
  const { stdout } = await execa(program, [...words, path], { reject: false });
  await writeFile(`${kept}.unfinished`, stdout);
  await rename(`${kept}.unfinished`, kept);
  return stdout;
}

/** Returns the content of the file that the flag `--config` names, or an empty text. */
async function configurationOf(words: readonly string[]): Promise<string> {
  const file = words[words.indexOf('--config') + 1];
  return words.includes('--config') && file !== undefined ? readFile(file, 'utf8') : '';
}

/** Returns whether a file exists, and marks it as used. */
async function touchIfCached(path: string): Promise<boolean> {
  const now = new Date();
  return utimes(path, now, now).then(
    () => true,
    () => false,
  );
}
