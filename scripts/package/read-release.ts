import { parseArgs } from 'node:util';
import type { ReleaseOptions } from '../build/build-all.ts';
import { readChangelog } from '../build/changelog.ts';

/** What a release is made with, and what it says of itself. */
export interface Release extends ReleaseOptions {
  /** Name and address, where there is somebody to write to. */
  readonly maintainer: string | undefined;
  /** What its part of CHANGELOG.md says. */
  readonly changes: string;
}

/** The words that the release command takes. */
export const releaseUsage =
  "npm run release -- --repository URL --issues URL --homepage URL --documentation URL [--maintainer 'NAME <ADDRESS>']";

const LINKS = ['repository', 'issues', 'homepage', 'documentation'] as const;

/**
 * What the command's words and CHANGELOG.md say about a release of `version`.
 * @throws Error when something is missing that a release cannot be without: it says all that is
 */
export function readRelease(words: readonly string[], version: string, changelog: string): Release {
  const given = parseArgs({
    args: [...words],
    options: {
      repository: { type: 'string' },
      issues: { type: 'string' },
      homepage: { type: 'string' },
      documentation: { type: 'string' },
      maintainer: { type: 'string' },
    },
  }).values;
  // Those that are missing are among the problems.
  const { repository = '', issues = '', homepage = '', documentation = '' } = given;
  const entry = readChangelog(changelog).find((release) => release.version === version);
  const date = /^\d{4}-\d\d-\d\d$/.test(entry?.date ?? '') ? Date.parse(entry?.date ?? '') : NaN;
  const problems = [
    ...LINKS.filter((name) => !isWebAddress(given[name])).map(
      (name) => `--${name} must be given, as an https:// address.`,
    ),
    ...(given.maintainer === undefined || /^[^<>]+ <[^<>\s]+@[^<>\s]+>$/.test(given.maintainer)
      ? []
      : ['--maintainer must be a name and an address: NAME <ADDRESS>.']),
    ...(entry === undefined
      ? [`CHANGELOG.md has no part for ${version}, which package.json names.`]
      : []),
    ...(entry !== undefined && Number.isNaN(date)
      ? [`CHANGELOG.md must say since when ${version} is out: ## ${version} (YEAR-MONTH-DAY).`]
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
