import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectDirectory } from './project-directory.ts';

/** The version and time of a build, for the collection, the packages and the npm tarball. */
export interface BuildVersion {
  /** A semantic version. The version of a development build sorts before the next release. */
  readonly version: string;
  /**
   * The time of the sources (their commit or release) in seconds since 1970. Builds of the same
   * sources are identical.
   */
  readonly time: number;
}

/** The time of a build outside git, in seconds since 1970. */
const DEFAULT_TIME = Date.UTC(2000, 0) / 1000;

/** Reads the version from package.json. */
export async function readProjectVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(projectDirectory, 'package.json'), 'utf8'));
  return version;
}

/**
 * Returns the version of a build between releases, for example `0.1.0-dev.20261124101500.g4c5cc54`.
 * The version contains the commit's time in UTC, so that later builds sort higher. The commit's
 * hash follows. It has the prefix `g`, because a hash of digits alone would count as a number,
 * which must not start with 0. The suffix `.modified` means that tracked files differ from the
 * commit. Outside git, the version is `0.1.0-dev`.
 */
export async function developmentVersion(): Promise<BuildVersion> {
  const version = `${await readProjectVersion()}-dev`;
  const commit = await runGit('log', '-1', '--format=%ct %h', '--abbrev=7');
  if (commit === undefined) return { version, time: readSourceDate() ?? DEFAULT_TIME };
  const [seconds = '', hash = ''] = commit.split(' ');
  const time = readSourceDate() ?? Number(seconds);
  const stamp = new Date(Number(seconds) * 1000).toISOString().replace(/\D/g, '').slice(0, 14);
  const changes = await runGit('status', '--porcelain', '--untracked-files=no');
  return { version: `${version}.${stamp}.g${hash}${changes ? '.modified' : ''}`, time };
}

/** Returns the full hash of the checked-out commit, or undefined outside git. */
export function readSourceCommit(): Promise<string | undefined> {
  return runGit('rev-parse', 'HEAD');
}

/** Reads SOURCE_DATE_EPOCH, with which packagers set the time of a build. */
function readSourceDate(): number | undefined {
  const seconds = process.env['SOURCE_DATE_EPOCH'];
  return seconds ? Number(seconds) : undefined;
}

/** Runs git in the project's repository. Returns its output, or undefined if git fails. */
async function runGit(...parameters: string[]): Promise<string | undefined> {
  const { stdout, exitCode } = await execa('git', ['-C', projectDirectory, ...parameters], {
    reject: false,
    env: { GIT_CEILING_DIRECTORIES: join(projectDirectory, '..'), GIT_OPTIONAL_LOCKS: '0' },
  });
  return exitCode === 0 ? stdout : undefined;
}
