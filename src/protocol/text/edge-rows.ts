/** An object in a result list: an id, or a mapping with the key `id`. */
type ListedObject = string | (Readonly<Record<string, unknown>> & { readonly id: string });

type NamesById = Readonly<Record<string, string>>;

/** Returns whether a result field is a list of objects with ids. */
export function isObjectList(value: unknown): value is ListedObject[] {
  return Array.isArray(value) && value.every((item) => idOf(item) !== undefined);
}

/**
 * Returns a table row for each object: a mark, the name, the id and further properties. Objects
 * that the run added (`+`), updated (`~`) or removed (`-`) come first.
 */
export function toEdgeRows(
  list: readonly ListedObject[],
  changes: Readonly<Record<string, unknown>>,
  names: NamesById,
): string[][] {
  const { added, updated, removed } = changes;
  const marks = new Map([
    ...markIds(removed, '-'),
    ...markIds(updated, '~'),
    ...markIds(added, '+'),
  ]);
  const listed = new Set(list.map(idOf));
  const removedEdges = isObjectList(removed)
    ? removed.filter((edge) => !listed.has(idOf(edge)))
    : [];
  const rows = [...list, ...removedEdges].map((edge) => {
    const id = idOf(edge) ?? '';
    const { hostname, display_name } = Object(edge);
    return [
      marks.get(id) ?? '',
      names[id] ?? hostname ?? display_name ?? '',
      id,
      ...propertiesOf(edge, names),
    ];
  });
  const byName = ([, ...a]: string[], [, ...b]: string[]) => (a.join(' ') < b.join(' ') ? -1 : 1);
  const sorted = [...rows].sort(byName);
  return [...sorted.filter(([mark]) => mark), ...sorted.filter(([mark]) => !mark)];
}

function markIds(ids: unknown, mark: string): [string, string][] {
  return isObjectList(ids) ? ids.map((edge) => [idOf(edge) ?? '', mark]) : [];
}

function idOf(item: unknown): string | undefined {
  const id = typeof item === 'string' ? item : Object(item).id;
  return typeof id === 'string' && /^[0-9a-f]{24}$/.test(id) ? id : undefined;
}

/** Returns the properties of an object for its row, except the id and name. */
function propertiesOf(edge: ListedObject, names: NamesById): string[] {
  if (typeof edge === 'string') return [];
  const { sudo, sudo_without_password, direct, paths, type, last_contact, reason } = edge;
  const steps = (Array.isArray(paths) ? paths : []).filter((path) => path.length > 1);
  const through = steps.map((path: { type: string; id: string }[]) =>
    path
      .slice(0, -1)
      .map((step) => `${step.type.replace('_', ' ')} ${names[step.id] ?? step.id}`)
      .join(', then '),
  );
  return [
    sudo_without_password ? 'sudo without password' : sudo ? 'sudo' : '',
    [...(direct ? ['direct'] : []), ...through.map((step) => `through ${step}`)].join('; '),
    typeof type === 'string' ? type.replace('_', ' ') : '',
    ...[last_contact, reason].map((value) => (typeof value === 'string' ? value : '')),
  ];
}
