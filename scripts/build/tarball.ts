import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';

/** One file of a tarball; the path is relative, with slashes. */
export interface TarballFile {
  readonly path: string;
  readonly content: string;
  readonly executable?: boolean;
}

/** Every file gets the same time: the same files make the same bytes. */
const mtime = new Date('2000-01-01T00:00:00Z');

/** A gzipped tar of the files, owned by root, in the given order. */
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
