import { stringify } from 'yaml';

/** A module, and the version of the collection that introduced it. */
export interface ModuleSince {
  readonly name: string;
  readonly shortDescription: string;
  readonly versionAdded: string;
}

/** Ansible's section for each heading of Keep a Changelog. */
const SECTIONS: Readonly<Record<string, string>> = {
  Added: 'minor_changes',
  Changed: 'minor_changes',
  Deprecated: 'deprecated_features',
  Removed: 'removed_features',
  Fixed: 'bugfixes',
  Security: 'security_fixes',
};

/** One version's part of CHANGELOG.md. */
export interface ChangelogRelease {
  readonly version: string;
  /** A date such as `2026-12-01`; undefined for an unreleased version. */
  readonly date: string | undefined;
  /** The unchanged text under the heading. */
  readonly text: string;
  readonly changes: readonly string[];
}

/**
 * Returns the entry of each version in CHANGELOG.md, newest first.
 * @throws Error for a heading that is not a version
 */
export function readChangelog(markdown: string): ChangelogRelease[] {
  return partsOf(markdown, '## ').map(([heading, text]) => {
    const [, version = '', date = ''] = /^(\d+\.\d+\.\d+) \((.+)\)$/.exec(heading) ?? [];
    if (version === '') throw new Error(`CHANGELOG.md: "${heading}" is not VERSION (DATE).`);
    return {
      version,
      date: date === 'unreleased' ? undefined : date,
      text,
      changes: partsOf(text, '### ').flatMap(([, entries]) => entriesOf(entries)),
    };
  });
}

/**
 * Converts the project's changelog to the form that Ansible's tools read
 * (`changelogs/changelog.yaml`). An unreleased version gets no date.
 * @throws Error for a heading that is not a version
 */
export function collectionChangelog(markdown: string, modules: readonly ModuleSince[]): string {
  const releases = readChangelog(markdown).map(({ version, date, text }) => {
    const release = {
      changes: sectionsOf(text),
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

/** Splits text at headings of one level. Returns each heading with the text below it. */
function partsOf(markdown: string, level: string): [heading: string, text: string][] {
  const [, ...parts] = `\n${markdown}`.split(`\n${level}`);
  return parts.map((part) => {
    const [heading = '', ...lines] = part.trim().split('\n');
    return [heading, lines.join('\n').trim()];
  });
}

function entriesOf(text: string): string[] {
  const [, ...entries] = `\n${text}`.split('\n- ');
  return entries.map((entry) => entry.trim().replace(/\s+/g, ' '));
}

/**
 * Returns a version's changes by Ansible's sections.
 * @throws Error for a heading that Keep a Changelog does not have, or a change above any heading
 */
function sectionsOf(text: string): Record<string, string[]> {
  if (text.startsWith('- ')) throw new Error('CHANGELOG.md: a change stands above "### Added".');
  const sections: Record<string, string[]> = {};
  for (const [heading, entries] of partsOf(text, '### ')) {
    const section = SECTIONS[heading];
    if (section === undefined) {
      const known = Object.keys(SECTIONS).join(', ');
      throw new Error(`CHANGELOG.md: "### ${heading}" is none of ${known}.`);
    }
    // Ansible's changelogs are reStructuredText, where code stands between two backticks.
    const changes = entriesOf(entries).map((entry) => entry.replaceAll('`', '``'));
    sections[section] = [...(sections[section] ?? []), ...changes];
  }
  return sections;
}
