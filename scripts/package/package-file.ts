/** A file, symlink or directory that a package installs. Its path has no leading slash. */
export type PackageFile = RegularFile | Link | Directory;

/** A file that everyone may read and only root may write. */
export interface RegularFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly executable?: boolean;
}

/** A symbolic link. */
export interface Link {
  readonly path: string;
  readonly target: string;
}

/** A directory that belongs to the package, even if it is empty. */
export interface Directory {
  readonly path: string;
  readonly directory: true;
}
