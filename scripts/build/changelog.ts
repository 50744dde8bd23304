import { stringify } from 'yaml';

/** A module that came with some version of the collection. */
export interface ModuleSince {
  readonly name: string;
  readonly shortDescription: string;
  readonly versionAdded: string;
}

/** In which section a change belongs, by the verb it begins with; any other one improves something. */
const SECTIONS: Readonly<Record<string, string>> = {
  Fix: 'bugfixes',
  Deprecate: 'deprecated_features',
  Remove: 'removed_features',
};

/**
 * The project's changelog in the form that Ansible's tools read (`changelogs/changelog.yaml`). A
 * version that has no date yet has none there either.
 * @throws Error for a heading that is not a version
 */
export function collectionChangelog(markdown: string, modules: readonly ModuleSince[]): string {
  const [, ...parts] = markdown.split(/^## /m);
  const releases = parts.map((part) => {
    const [heading = '', ...lines] = part.trim().split('\n');
    const [, version = '', date = ''] = /^(\d+\.\d+\.\d+) \((.+)\)$/.exec(heading) ?? [];
    if (version === '') throw new Error(`CHANGELOG.md: "${heading}" is not VERSION (DATE).`);
    const release = {
      changes: sections(lines),
      modules: modules
        .filter(({ versionAdded }) => versionAdded === version)
        .map(({ name, shortDescription }) => ({
          description: shortDescription,
          name,
          namespace: '',
        })),
      ...(date !== 'unreleased' && { release_date: date }),
    };
    return [version, release] as const;
  });
  return stringify({ ancestor: null, releases: Object.fromEntries(releases) }, { lineWidth: 100 });
}

function sections(lines: readonly string[]): Record<string, string[]> {
  const changes: Record<string, string[]> = {};
  const text = lines.filter((line) => line !== '').join('\n');
  for (const entry of text === '' ? [] : text.split(/^- /m).slice(1)) {
    const change = entry.trim().replace(/\s+/g, ' ');
    const section = SECTIONS[change.split(' ')[0] ?? ''] ?? 'minor_changes';
    // Ansible's changelogs are reStructuredText, where code stands between two backticks.
    changes[section] = [...(changes[section] ?? []), change.replaceAll('`', '``')];
  }
  return changes;
}
