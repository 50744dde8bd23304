import { stringify } from 'yaml';

/** A module with the version of the collection that introduced it. */
export interface ModuleSummary {
  readonly name: string;
  readonly shortDescription: string;
  readonly versionAdded: string;
}

/** Maps each heading of Keep a Changelog to a section of Ansible's changelogs. */
const SECTIONS: Readonly<Record<string, string>> = {
  Added: 'minor_changes',
  Changed: 'minor_changes',
  Deprecated: 'deprecated_features',
  Removed: 'removed_features',
  Fixed: 'bugfixes',
  Security: 'security_fixes',
};

/** The entry of one version in CHANGELOG.md. */
export interface ChangelogRelease {
  readonly version: string;
  /** A date such as `2026-12-01`; undefined for an unreleased version. */
  readonly date: string | undefined;
  /** The Markdown below the version's heading. */
  readonly text: string;
  readonly changes: readonly string[];
}

/**
 * Returns the entry of each version in CHANGELOG.md, newest first.
 * @throws Error for a heading that is not a version
 */
export function readChangelog(markdown: string): ChangelogRelease[] {
  return splitAtHeadings(markdown, '## ').map(([heading, text]) => {
    const [, version = '', date = ''] = /^(\d+\.\d+\.\d+) \((.+)\)$/.exec(heading) ?? [];
    if (version === '')
      throw new Error(`CHANGELOG.md: the heading "${heading}" must be "VERSION (DATE)".`);
    return {
      version,
      date: date === 'unreleased' ? undefined : date,
      text,
      changes: splitAtHeadings(text, '### ').flatMap(([, entries]) => parseEntries(entries)),
    };
  });
}

/**
 * Converts CHANGELOG.md to Ansible's format, `changelogs/changelog.yaml`. An unreleased version
 * gets no date.
 * @throws Error for a heading that is not a version
 */
export function collectionChangelog(markdown: string, modules: readonly ModuleSummary[]): string {
  const releases = readChangelog(markdown).map(({ version, date, text }) => {
    const release = {
      changes: parseSections(text),
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
function splitAtHeadings(markdown: string, level: string): [heading: string, text: string][] {
  const [, ...parts] = `\n${markdown}`.split(`\n${level}`);
  return parts.map((part) => {
    const [heading = '', ...lines] = part.trim().split('\n');
    return [heading, lines.join('\n').trim()];
  });
}

function parseEntries(text: string): string[] {
  const [, ...entries] = `\n${text}`.split('\n- ');
  return entries.map((entry) => entry.trim().replace(/\s+/g, ' '));
}

/**
 * Returns a version's changes, grouped by Ansible's sections.
 * @throws Error for an unknown heading, or a change above the first heading
 */
function parseSections(text: string): Record<string, string[]> {
  if (text.startsWith('- '))
    throw new Error('CHANGELOG.md: a change has no heading such as "### Added" above it.');
  const sections: Record<string, string[]> = {};
  for (const [heading, entries] of splitAtHeadings(text, '### ')) {
    const section = SECTIONS[heading];
    if (section === undefined) {
      const known = Object.keys(SECTIONS).join(', ');
      throw new Error(`CHANGELOG.md: unknown heading "### ${heading}". Known are ${known}.`);
    }
    // Ansible's changelogs are reStructuredText, where double backticks enclose code.
    const changes = parseEntries(entries).map((entry) => entry.replaceAll('`', '``'));
    sections[section] = [...(sections[section] ?? []), ...changes];
  }
  return sections;
}
