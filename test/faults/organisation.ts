import type { Store } from '../emulator/store.ts';

/**
 * Everything that an organisation holds of its systems, one entry for each thing that can change
 * by itself: a field of a record, a membership, an edge. Keys begin with the system's id.
 */
export type Organisation = ReadonlyMap<string, string>;

/** What there is now, each thing exactly as it is stored. */
export function organisationOf(store: Store): Organisation {
  const entries = new Map<string, string>();
  for (const [systemId, { record }] of store.systems) {
    // A record without a description and one with an empty one are alike.
    for (const [field, value] of Object.entries({ description: '', ...record })) {
      entries.set(`${systemId} record ${field}`, JSON.stringify(value));
    }
    const { groups, edges } = store.snapshot(systemId);
    for (const id of groups) entries.set(`${systemId} system_group:${id}`, 'member');
    for (const [edge, attributes] of edges) {
      entries.set(`${systemId} ${edge}`, JSON.stringify(attributes ?? null));
    }
  }
  return entries;
}

/** The same without what makes no difference: what is left of it can be compared. */
export function meaningOf(organisation: Organisation): Organisation {
  const entries = [...organisation].map(([key, value]): [string, string] => {
    if (key.endsWith(' record attributes')) return [key, sortedByName(value)];
    return [key, / user(_group)?:/.test(key) ? grantOf(value) : value];
  });
  return new Map(entries);
}

/** The keys whose entries are not alike. */
export function differences(a: Organisation, b: Organisation): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}

/** The sudo that an edge's attributes stand for, as text. */
export function grantOf(attributes: string): 'none' | 'sudo' | 'sudo without password' {
  const { enabled, withoutPassword } = Object(Object(JSON.parse(attributes)).sudo);
  if (enabled !== true) return 'none';
  return withoutPassword === true ? 'sudo without password' : 'sudo';
}

function sortedByName(attributes: string): string {
  const list: { name: string; value: string }[] = JSON.parse(attributes);
  return JSON.stringify(list.sort((a, b) => (a.name < b.name ? -1 : 1)));
}
