import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** A file in a tarball. The path is relative, with slashes. */
export interface TarballFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/** The fixed modification time of every file. It makes tarballs of equal files identical. */
const mtime = new Date('2000-01-01T00:00:00Z');

/** Packs files, in the given order and owned by root, into a gzipped tar. */
export async function tarball(
  files: readonly TarballFile[],
  directories: readonly string[],
): Promise<Buffer> {
  const archive = pack();
  for (const name of directories)
    archive.entry({ name: `${name}/`, type: 'directory', mode: 0o755, mtime });
  for (const { path, content, executable = false } of files) {
    archive.entry({ name: path, mode: executable ? 0o755 : 0o644, mtime }, content);
  }
  archive.finalize();
  return gzipSync(await buffer(archive), { level: 9 });
}
