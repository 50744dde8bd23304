import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectDirectory } from './project-directory.ts';

/** The version of a build, as collection, packages and npm tarball state it. */
export interface BuildVersion {
  /** A semantic version. The version of a development build sorts before the next release. */
  readonly version: string;
  /** The time of the sources in seconds since 1970. It makes builds of the same sources equal. */
  readonly time: number;
}

/** The time of a build outside git. The files in the collection's tarball have the same time. */
const NO_TIME = Date.UTC(2000, 0) / 1000;

/** Reads the version from package.json, its only source. */
export async function projectVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(projectDirectory, 'package.json'), 'utf8'));
  return version;
}

/**
 * Returns the version of a build between releases, for example `0.1.0-dev.20261124101500.g4c5cc54`.
 * It contains the commit's time (UTC), so that later builds sort higher, and the commit. The `g` is
 * there because an abbreviated commit may consist of digits only: it would be parsed as a number,
 * and a number with a leading 0 is invalid. `.modified` is appended if tracked files differ from
 * the commit. Outside git the version is `0.1.0-dev`.
 */
export async function developmentVersion(): Promise<BuildVersion> {
  const version = `${await projectVersion()}-dev`;
  const commit = await git('log', '-1', '--format=%ct %h', '--abbrev=7');
  if (commit === undefined) return { version, time: sourceDate() ?? NO_TIME };
  const [seconds = '', hash = ''] = commit.split(' ');
  const time = sourceDate() ?? Number(seconds);
  const stamp = new Date(Number(seconds) * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return { version: `${version}.${stamp}.g${hash}${changes ? '.modified' : ''}`, time };
}

/** Returns the full id of the commit of the sources; undefined outside git. */
export function sourceCommit(): Promise<string | undefined> {
  return git('rev-parse', 'HEAD');
}

/** Reads SOURCE_DATE_EPOCH, the usual way for packagers to set the time of a build. */
function sourceDate(): number | undefined {
  const seconds = process.env['SOURCE_DATE_EPOCH'];
  return seconds ? Number(seconds) : undefined;
}

/** Returns git's output about the project's repository; undefined if there is none. */
async function git(...words: string[]): Promise<string | undefined> {
  const { stdout, exitCode } = await execa('git', ['-C', projectDirectory, ...words], {
    reject: false,
    env: { GIT_CEILING_DIRECTORIES: join(projectDirectory, '..'), GIT_OPTIONAL_LOCKS: '0' },
  });
  return exitCode === 0 ? stdout : undefined;
}
