import type { Store } from '../emulator/store.ts';

/**
 * The state of all systems of an organisation. Each entry is a field of a record, a group
 * membership or an association. Each key begins with the id of a system.
 */
export type OrganisationState = ReadonlyMap<string, string>;

/** Returns the current state with each entry exactly as stored. */
export function readOrganisationState(store: Store): OrganisationState {
  const entries = new Map<string, string>();
  for (const [systemId, { record }] of store.systems) {
    // Treats a missing description as an empty description.
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

/** Removes irrelevant differences, such as the order of attributes. */
export function normalizeState(state: OrganisationState): OrganisationState {
  const entries = [...state].map(([key, value]): [string, string] => {
    if (key.endsWith(' record attributes')) return [key, sortByName(value)];
    return [key, / user(_group)?:/.test(key) ? grantOf(value) : value];
  });
  return new Map(entries);
}

/** Lists the keys whose entries differ. */
export function findDifferences(a: OrganisationState, b: OrganisationState): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}

/** Returns the sudo access that an edge's attributes grant. */
export function grantOf(attributes: string): 'none' | 'sudo' | 'sudo without password' {
  const { enabled, withoutPassword } = Object(Object(JSON.parse(attributes)).sudo);
  if (enabled !== true) return 'none';
  return withoutPassword === true ? 'sudo without password' : 'sudo';
}

function sortByName(attributes: string): string {
  const list: { name: string; value: string }[] = JSON.parse(attributes);
  return JSON.stringify(list.sort((a, b) => (a.name < b.name ? -1 : 1)));
}
