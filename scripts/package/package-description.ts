import type { BuildVersion } from '../build/build-version.ts';
import type { PackageFile } from './package-file.ts';

/** The scripts of a package, by the names that dpkg or rpm uses, such as `postinst` or `post`. */
export type PackageScripts = Readonly<Record<string, string>>;

/** An entry of a package's changelog. */
export interface ChangelogEntry extends BuildVersion {
  readonly changes: readonly string[];
}

/**
 * A package for dpkg and rpm. `deb` contains data for dpkg only, and `rpm` contains data for rpm
 * only.
 */
export interface PackageDescription extends BuildVersion {
  readonly name: string;
  /** A summary of one line, without a full stop. */
  readonly summary: string;
  /** The paragraphs of the description. */
  readonly description: readonly string[];
  readonly maintainer: string;
  readonly homepage: string | undefined;
  readonly files: readonly PackageFile[];
  /** The entries, newest first. */
  readonly changelog: readonly ChangelogEntry[];
  readonly deb: {
    readonly architecture: 'all' | 'amd64' | 'arm64';
    readonly depends: string;
    readonly scripts: PackageScripts;
    /** The full text of the licences. */
    readonly copyright: string;
    readonly lintianOverrides: string;
  };
  readonly rpm: {
    readonly architecture: 'noarch' | 'x86_64' | 'aarch64';
    readonly requires: readonly string[];
    /** Whether rpmbuild adds a requirement for each library that the binaries need. */
    readonly requiresLibraries: boolean;
    readonly scripts: PackageScripts;
    /** Licence texts by file name. */
    readonly licences: Readonly<Record<string, string>>;
    readonly license: string;
  };
}
