import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { wrap } from '../build/plain-text.ts';
import type { PackageDescription } from './package-description.ts';
import type { PackageFile } from './package-file.ts';
import { packageRevision, packageVersion } from './package-version.ts';
import { stageFiles } from './stage-files.ts';

/** Returns the package's file name, as rpm would choose it. */
export function rpmFileName({ name, version, rpm }: PackageDescription): string {
  return `${name}-${packageVersion(version)}-${packageRevision}.${rpm.architecture}.rpm`;
}

/**
 * Packs a package for Red Hat's distributions and their derivatives into
 * `<directory>/<rpmFileName>`, and returns its path. `level` is the compression level of xz, 0 to
 * 9. Equal descriptions give equal bytes.
 */
export async function buildRpm(
  directory: string,
  pkg: PackageDescription,
  level = 6,
): Promise<string> {
  const { name, time, rpm } = pkg;
  const licences = `usr/share/licenses/${name}`;
  const files: PackageFile[] = [
    ...pkg.files,
    { path: licences, directory: true },
    ...Object.entries(rpm.licences).map(([file, content]) => ({
      path: `${licences}/${file}`,
      content,
    })),
  ];
  const workDirectory = await mkdtemp(join(tmpdir(), 'rpm-'));
  try {
    await stageFiles(join(workDirectory, 'staged'), files, time);
    const spec = join(workDirectory, `${name}.spec`);
    await writeFile(spec, specFile(pkg, files, join(workDirectory, 'staged'), level));
    await execa(
      'rpmbuild',
      [
        '-bb',
        '--quiet',
        '--target',
        `${rpm.architecture}-linux`,
        '-D',
        `_topdir ${workDirectory}`,
        spec,
      ],
      // A temporary HOME hides the user's macros from rpmbuild.
      { env: { SOURCE_DATE_EPOCH: String(time), LC_ALL: 'C', TZ: 'UTC', HOME: workDirectory } },
    );
    const [built = ''] = await readdir(join(workDirectory, 'RPMS', rpm.architecture));
    const path = join(directory, rpmFileName(pkg));
    if (built !== basename(path))
      throw new Error(`rpmbuild made ${built} instead of ${basename(path)}.`);
    await copyFile(join(workDirectory, 'RPMS', rpm.architecture, built), path);
    return path;
  } finally {
    await rm(workDirectory, { recursive: true });
  }
}

/**
 * Returns the spec file. It disables the defaults of rpmbuild, which strip binaries, recompress
 * manual pages and write this machine's name into the package.
 */
function specFile(
  pkg: PackageDescription,
  files: readonly PackageFile[],
  staged: string,
  level: number,
): string {
  const { name, version, rpm, summary, description, maintainer, homepage } = pkg;
  return `%global debug_package %{nil}
%global __os_install_post %{nil}
%global _build_id_links none
%global _buildhost localhost
%global _target_platform ${rpm.architecture}-linux
%global optflags %{nil}
%global _binary_payload w${level}.xzdio
%global _changelog_trimage 0
%global source_date_epoch_from_changelog 0
%global use_source_date_epoch_as_buildtime 1
%global clamp_mtime_to_source_date_epoch 1
Name: ${name}
Version: ${packageVersion(version)}
Release: ${packageRevision}
Summary: ${summary}
License: ${rpm.license}
Packager: ${maintainer}
${homepage ? `URL: ${homepage}\n` : ''}${rpm.architecture === 'noarch' ? 'BuildArch: noarch\n' : ''}AutoProv: no
AutoReq: ${rpm.requiresLibraries ? 'yes' : 'no'}
${rpm.requires.map((requirement) => `Requires: ${requirement}\n`).join('')}
%description
${escapePercent(description.map(wrapParagraph).join('\n\n'))}

%install
mkdir -p %{buildroot}
cp -a ${staged}/. %{buildroot}/
${Object.entries(rpm.scripts)
  .map(([script, text]) => `\n%${script}\n${escapePercent(text)}`)
  .join('')}
%files
${files.map(fileLine).join('\n')}

%changelog
${renderChangelog(pkg)}`;
}

/** Returns a file's line in the section %files of the spec file: kind, mode, owner and path. */
function fileLine(file: PackageFile): string {
  const { path } = file;
  const kind = path.startsWith('usr/share/licenses/')
    ? '%license '
    : /^usr\/share\/(doc|man)\//.test(path)
      ? '%doc '
      : '';
  if ('directory' in file) return `%dir %attr(0755, root, root) /${path}`;
  if ('target' in file) return `/${path}`;
  return `${kind}%attr(${file.executable ? '0755' : '0644'}, root, root) /${path}`;
}

function renderChangelog({ maintainer, changelog: entries }: PackageDescription): string {
  return entries
    .map(({ version, time, changes }) => {
      // Converts "Tue, 24 Nov 2026 08:12:35 GMT" to rpm's "Tue Nov 24 2026".
      const [weekday, day, month, year] = new Date(time * 1000).toUTCString().split(/,? /);
      const date = `${weekday} ${month} ${day} ${year}`;
      const lines = changes
        .map((change) => `- ${escapePercent(wrap(change, 2).trimStart())}\n`)
        .join('');
      return `* ${date} ${maintainer} - ${packageVersion(version)}-${packageRevision}\n${lines}`;
    })
    .join('\n');
}

/** Wraps a paragraph at 79 columns, as rpm's tools require. */
function wrapParagraph(paragraph: string): string {
  return wrap(paragraph, 1).replace(/^ /gm, '');
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '%%');
}
