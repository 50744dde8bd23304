import { parseArgs } from 'node:util';
import type { ReleaseOptions } from '../build/build-all.ts';
import { readChangelog } from '../build/changelog.ts';

/** The data of a release. */
export interface Release extends ReleaseOptions {
  /** Name and address, if given. */
  readonly maintainer: string | undefined;
  /** The text of the release's section in CHANGELOG.md. */
  readonly changes: string;
}

/** The usage of the release command. */
export const releaseUsage =
  "npm run release -- --repository URL --issues URL --homepage URL --documentation URL [--maintainer 'NAME <ADDRESS>']";

const LINKS = ['repository', 'issues', 'homepage', 'documentation'] as const;

/**
 * Reads the data of a release of `version` from the command's arguments and CHANGELOG.md.
 * @throws Error that lists everything that is missing or invalid
 */
export function readRelease(args: readonly string[], version: string, changelog: string): Release {
  const given = parseArgs({
    args: [...args],
    options: {
      repository: { type: 'string' },
      issues: { type: 'string' },
      homepage: { type: 'string' },
      documentation: { type: 'string' },
      maintainer: { type: 'string' },
    },
  }).values;
  // The empty defaults satisfy the types only: a missing link is one of the problems.
  const { repository = '', issues = '', homepage = '', documentation = '' } = given;
  const entry = readChangelog(changelog).find((release) => release.version === version);
  const date = /^\d{4}-\d\d-\d\d$/.test(entry?.date ?? '') ? Date.parse(entry?.date ?? '') : NaN;
  const problems = [
    ...LINKS.filter((name) => !isWebAddress(given[name])).map(
      (name) => `--${name} must be given as an https:// address.`,
    ),
    ...(given.maintainer === undefined || /^[^<>]+ <[^<>\s]+@[^<>\s]+>$/.test(given.maintainer)
      ? []
      : ['--maintainer must be a name and an address: NAME <ADDRESS>.']),
    ...(entry === undefined
      ? [`CHANGELOG.md has no section for ${version}, the version in package.json.`]
      : []),
    ...(entry !== undefined && Number.isNaN(date)
      ? [`CHANGELOG.md must have the release date of ${version}: ## ${version} (YEAR-MONTH-DAY).`]
      : []),
  ];
  if (entry === undefined || problems.length > 0) {
    throw new Error(`No release is made:\n${problems.map((problem) => `- ${problem}\n`).join('')}`);
  }
  return {
    version,
    time: date / 1000,
    links: { repository, issues, homepage, documentation },
    maintainer: given.maintainer,
    changes: entry.text,
  };
}

function isWebAddress(text: string | undefined): boolean {
  return URL.canParse(text ?? '') && new URL(text ?? '').protocol === 'https:';
}
