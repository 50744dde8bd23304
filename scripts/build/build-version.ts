import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { projectDirectory } from './project-directory.ts';

/** What a build calls itself, everywhere: in the collection, the packages and the npm tarball. */
export interface BuildVersion {
  /** A semantic version; a development build's is older than that of the release it leads to. */
  readonly version: string;
  /** When its sources were made, in seconds since 1970: what is built twice has to say the same. */
  readonly time: number;
}

/** As the files in a tarball that no commit gives a time. */
const NO_TIME = Date.UTC(2000, 0) / 1000;

/** The version in package.json, the one place that says it. */
export async function projectVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(projectDirectory, 'package.json'), 'utf8'));
  return version;
}

/**
 * The version of whatever is built between releases: `0.1.0-dev.20261124101500.g4c5cc54`, with the
 * time of the commit (UTC), by which later builds are newer, and the commit. The `g` keeps a commit
 * of digits only from being a number, which may not begin with 0. `.modified` follows when tracked
 * files differ from the commit; outside of git there is no more to say than `0.1.0-dev`.
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

/** SOURCE_DATE_EPOCH, by which packagers everywhere say what time a build is to take. */
function sourceDate(): number | undefined {
  const seconds = process.env['SOURCE_DATE_EPOCH'];
  return seconds ? Number(seconds) : undefined;
}

/** What git prints about the project's own repository; undefined when there is none. */
async function git(...words: string[]): Promise<string | undefined> {
  const { stdout, exitCode } = await execa('git', ['-C', projectDirectory, ...words], {
    reject: false,
    env: { GIT_CEILING_DIRECTORIES: join(projectDirectory, '..'), GIT_OPTIONAL_LOCKS: '0' },
  });
  return exitCode === 0 ? stdout : undefined;
}
