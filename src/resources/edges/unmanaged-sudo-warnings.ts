import type { DesiredEdges, Edges } from './plan-edges.ts';

/**
 * Returns a warning for each edge that keeps its sudo because the exclusive list does not set sudo
 * for this edge. The author of the list may expect that sudo is removed.
 */
export function unmanagedSudoWarnings(
  { edges, exclusive }: DesiredEdges,
  after: Edges,
  kind: 'User' | 'User group' = 'User',
): string[] {
  if (!exclusive) return [];
  return [...edges]
    .filter(([id, desired]) => desired.sudo === undefined && after.get(id)?.sudo)
    .map(
      ([id]) =>
        `${kind} ${id} keeps sudo, because the task does not set sudo for it. Set sudo: false to revoke sudo, or sudo: true to keep sudo without this warning.`,
    );
}
