/** What a package puts onto a host; paths are those on the host, without the leading slash. */
export type PackageFile = RegularFile | Link | Directory;

/** A file; everyone may read it, only root may write it. */
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

/** A folder that belongs to the package, with or without files of the package in it. */
export interface Directory {
  readonly path: string;
  readonly directory: true;
}
