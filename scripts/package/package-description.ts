import type { BuildVersion } from '../build/build-version.ts';
import type { PackageFile } from './package-file.ts';

/** Scripts of a package, by the name that dpkg or rpm has for the moment they run at. */
export type PackageScripts = Readonly<Record<string, string>>;

/** One entry of a package's changelog. */
export interface ChangelogEntry extends BuildVersion {
  readonly changes: readonly string[];
}

/** A package as both package managers know it. What only one of them asks for stands under its name. */
export interface PackageDescription extends BuildVersion {
  readonly name: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly maintainer: string;
  readonly homepage: string | undefined;
  readonly files: readonly PackageFile[];
  /** Newest first. */
  readonly changelog: readonly ChangelogEntry[];
  readonly deb: {
    readonly architecture: 'all' | 'amd64' | 'arm64';
    readonly depends: string;
    readonly scripts: PackageScripts;
    /** The licences, whole. */
    readonly copyright: string;
    readonly lintianOverrides: string;
  };
  readonly rpm: {
    readonly architecture: 'noarch' | 'x86_64' | 'aarch64';
    readonly requires: readonly string[];
    /** Whether rpm finds out by itself which libraries the binaries need. */
    readonly findRequires: boolean;
    readonly scripts: PackageScripts;
    /** Licence texts by file name. */
    readonly licences: Readonly<Record<string, string>>;
    readonly license: string;
  };
}
