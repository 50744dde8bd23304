import type { DesiredEdges, Edges } from './plan-edges.ts';

/**
 * Names those who keep a sudo that an exclusive wish does not mention: whoever shortens a list of
 * people to their ids may think that it is gone.
 */
export function unmanagedSudo(
  { edges, exclusive }: DesiredEdges,
  after: Edges,
  kind: 'User' | 'User group' = 'User',
): string[] {
  if (!exclusive) return [];
  return [...edges]
    .filter(([id, desired]) => desired.sudo === undefined && after.get(id)?.sudo)
    .map(
      ([id]) =>
        `${kind} ${id} keeps the sudo that is there, because the task does not mention it. Say sudo: false to take it away, or sudo: true to keep it without this warning.`,
    );
}
