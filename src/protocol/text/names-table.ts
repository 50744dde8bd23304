import type { Result } from '../result.ts';
import { renderTable } from './wrap.ts';

/** Renders the result of jumpcloud_names as a table of kinds, names and ids. */
export function renderNamesTable({ names, dynamic }: Result, columns: number): string[] {
  const isDynamic = new Set(Array.isArray(dynamic) ? dynamic : []);
  return renderTable(
    Object.entries(Object(names)).flatMap(([kind, objects]) =>
      Object.entries(Object(objects)).map(([name, id]) => [
        kind.replace('_', ' '),
        name,
        String(id),
        isDynamic.has(id) ? 'dynamic' : '',
      ]),
    ),
    columns,
  );
}
