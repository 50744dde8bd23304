import { parseArgs } from 'node:util';
import type { ReleaseOptions } from '../build/build-all.ts';
import { readChangelog } from '../build/changelog.ts';
import { findSettingsProblems, type PublisherSettings } from './settings.ts';

/** The data of a release. */
export interface Release extends ReleaseOptions {
  readonly publisher: PublisherSettings;
  /** The text of the release's section in CHANGELOG.md. */
  readonly changes: string;
  /** The directories of earlier releases, which the repositories also contain. */
  readonly earlier: readonly string[];
}

/** The inputs of a release, before they are checked. */
export interface ReleaseInputs {
  /** The command's arguments. */
  readonly args: readonly string[];
  /** The version in package.json. */
  readonly version: string;
  /** The texts of CHANGELOG.md and .github/CODEOWNERS. */
  readonly changelog: string;
  readonly codeOwners: string;
  /** The content of packaging/publisher.json. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The secret signing key as text. */
  readonly signingKey: string | undefined;
}

/** The usage of the release command. */
export const releaseUsage =
  'SIGNING_KEY="$(cat KEY.asc)" npm run release -- [--earlier DIRECTORY]... (see docs/releasing.md)';

/**
 * Checks the inputs of a release.
 * @throws Error that lists everything that is missing or invalid
 */
export function readRelease(inputs: ReleaseInputs): Release {
  const { version, settings, signingKey } = inputs;
  const { earlier = [] } = parseArgs({
    args: [...inputs.args],
    options: { earlier: { type: 'string', multiple: true } },
  }).values;
  const entry = readChangelog(inputs.changelog).find((release) => release.version === version);
  const date = /^\d{4}-\d\d-\d\d$/.test(entry?.date ?? '') ? Date.parse(entry?.date ?? '') : NaN;
  const { owner } = settings;
  const hasOwnerLine = inputs.codeOwners.split('\n').includes(`* ${owner}`);
  const problems = [
    ...findSettingsProblems(settings),
    ...(hasOwnerLine
      ? []
      : ['.github/CODEOWNERS must have the line: * OWNER, with the owner in publisher.json.']),
    ...(signingKey
      ? []
      : ['SIGNING_KEY must contain the secret key. Nothing is released unsigned.']),
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
    // No problem was found, so all settings are present.
    publisher: settings as unknown as PublisherSettings,
    changes: entry.text,
    earlier,
  };
}
