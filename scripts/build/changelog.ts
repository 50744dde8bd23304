import { stringify } from 'yaml';

/** A module, and the collection's version that introduced it. */
export interface ModuleSince {
  readonly name: string;
  readonly shortDescription: string;
  readonly versionAdded: string;
}

/** The section of a change, by its first word; any other change is a minor change. */
const SECTIONS: Readonly<Record<string, string>> = {
  Fix: 'bugfixes',
  Deprecate: 'deprecated_features',
  Remove: 'removed_features',
};

/** The section of one version in CHANGELOG.md. */
export interface ChangelogRelease {
  readonly version: string;
  /** For example `2026-12-01`; undefined for a version that is not released yet. */
  readonly date: string | undefined;
  /** The text under the heading, unchanged. */
  readonly text: string;
  readonly changes: readonly string[];
}

/**
 * Reads the versions of CHANGELOG.md, newest first.
 * @throws Error for a heading that is not a version
 */
export function readChangelog(markdown: string): ChangelogRelease[] {
  const [, ...parts] = markdown.split(/^## /m);
  return parts.map((part) => {
    const [heading = '', ...lines] = part.trim().split('\n');
    const [, version = '', date = ''] = /^(\d+\.\d+\.\d+) \((.+)\)$/.exec(heading) ?? [];
    if (version === '') throw new Error(`CHANGELOG.md: "${heading}" is not VERSION (DATE).`);
    return {
      version,
      date: date === 'unreleased' ? undefined : date,
      text: lines.join('\n').trim(),
      changes: changes(lines),
    };
  });
}

/**
 * Converts the project's changelog to the form that Ansible's tools read
 * (`changelogs/changelog.yaml`). A version without a date has none there either.
 * @throws Error for a heading that is not a version
 */
export function collectionChangelog(markdown: string, modules: readonly ModuleSince[]): string {
  const releases = readChangelog(markdown).map(({ version, date, changes }) => {
    const release = {
      changes: sections(changes),
      modules: modules
        .filter(({ versionAdded }) => versionAdded === version)
        .map(({ name, shortDescription }) => ({
          description: shortDescription,
          name,
          namespace: '',
        })),
      ...(date && { release_date: date }),
    };
    return [version, release] as const;
  });
  return stringify({ ancestor: null, releases: Object.fromEntries(releases) }, { lineWidth: 100 });
}

function changes(lines: readonly string[]): string[] {
  const text = lines.filter((line) => line !== '').join('\n');
  const entries = text === '' ? [] : text.split(/^- /m).slice(1);
  return entries.map((entry) => entry.trim().replace(/\s+/g, ' '));
}

function sections(entries: readonly string[]): Record<string, string[]> {
  const changes: Record<string, string[]> = {};
  for (const change of entries) {
    const section = SECTIONS[change.split(' ')[0] ?? ''] ?? 'minor_changes';
    // Ansible's changelogs are reStructuredText, which marks code with double backticks.
    changes[section] = [...(changes[section] ?? []), change.replaceAll('`', '``')];
  }
  return changes;
}
