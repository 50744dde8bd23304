import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { wrap } from '../build/plain-text.ts';
import type { PackageDescription } from './package-description.ts';
import type { PackageFile } from './package-file.ts';
import { packageRevision, packageVersion } from './package-version.ts';
import { stageFiles } from './stage-files.ts';

/** Returns the package's file name, as Debian's tools would choose it. */
export function debFileName({ name, version, deb }: PackageDescription): string {
  return `${name}_${packageVersion(version)}-${packageRevision}_${deb.architecture}.deb`;
}

/**
 * Packs a package for Debian and its derivatives into `<directory>/<debFileName>`, and returns its
 * path. `level` is the compression level of xz, 0 to 9. Equal descriptions give equal bytes.
 */
export async function buildDeb(
  directory: string,
  pkg: PackageDescription,
  level = 6,
): Promise<string> {
  const { name, time, deb } = pkg;
  const docDirectory = `usr/share/doc/${name}`;
  const installed: PackageFile[] = [
    ...pkg.files,
    { path: `${docDirectory}/copyright`, content: deb.copyright },
    {
      path: `${docDirectory}/changelog.Debian.gz`,
      content: gzipSync(renderChangelog(pkg), { level: 9 }),
    },
    { path: `usr/share/lintian/overrides/${name}`, content: deb.lintianOverrides },
  ];
  const control: PackageFile[] = [
    { path: 'DEBIAN/control', content: controlFile(pkg, installed) },
    { path: 'DEBIAN/md5sums', content: md5sums(installed) },
    ...Object.entries(deb.scripts).map(([script, content]) => ({
      path: `DEBIAN/${script}`,
      content,
      executable: true,
    })),
  ];
  const staging = await mkdtemp(join(tmpdir(), 'deb-'));
  const path = join(directory, debFileName(pkg));
  try {
    await stageFiles(staging, [...installed, ...control], time);
    await execa(
      'dpkg-deb',
      ['--build', '--root-owner-group', '-Zxz', `-z${level}`, staging, path],
      { env: { SOURCE_DATE_EPOCH: String(time), LC_ALL: 'C' } },
    );
  } finally {
    await rm(staging, { recursive: true });
  }
  return path;
}

function controlFile(pkg: PackageDescription, files: readonly PackageFile[]): string {
  const { name, version, deb, summary, description, maintainer, homepage } = pkg;
  const text = description.map((paragraph) => wrap(paragraph, 1)).join('\n .\n');
  return `Package: ${name}
Version: ${packageVersion(version)}-${packageRevision}
Architecture: ${deb.architecture}
Maintainer: ${maintainer}
Installed-Size: ${installedSize(files)}
Depends: ${deb.depends}
Section: admin
Priority: optional
${homepage ? `Homepage: ${homepage}\n` : ''}Description: ${summary}
${text}
`;
}

/**
 * Returns the installed size in KiB, as dpkg-gencontrol does. Each file is rounded up, and any
 * other entry counts as 1 KiB.
 */
function installedSize(files: readonly PackageFile[]): number {
  return files
    .map((file) => ('content' in file ? Math.ceil(Buffer.byteLength(file.content) / 1024) : 1))
    .reduce((sum, size) => sum + size, 0);
}

function md5sums(files: readonly PackageFile[]): string {
  return files
    .flatMap((file) =>
      'content' in file
        ? [`${createHash('md5').update(file.content).digest('hex')}  ${file.path}\n`]
        : [],
    )
    .join('');
}

function renderChangelog({ name, maintainer, changelog: entries }: PackageDescription): string {
  return entries
    .map(({ version, time, changes }) => {
      const date = new Date(time * 1000).toUTCString().replace('GMT', '+0000');
      const lines = changes.map((change) => `  * ${wrap(change, 4).trimStart()}\n`).join('');
      const heading = `${name} (${packageVersion(version)}-${packageRevision}) stable; urgency=medium`;
      return `${heading}\n\n${lines}\n -- ${maintainer}  ${date}\n`;
    })
    .join('\n');
}
