import {
  changesOf,
  fieldsOf,
  type HostChange,
  type HostParts,
  type HostState,
} from './host-state.ts';

/** Returns the result fields of a run that fails: what was read last, and what was written. */
export function progressOf(
  parts: HostParts,
  seen: HostState,
  done: readonly HostChange[],
): Record<string, unknown> {
  return { changed: done.length > 0, sections: sectionsOf(parts, seen, done) };
}

/** Returns the result fields of the sections that were read. */
export function sectionsOf(
  parts: HostParts,
  { system, edges, reapplied }: HostState,
  done: readonly HostChange[],
): Record<string, unknown> {
  const settings = system && parts.system?.report(system, fieldsOf(done));
  return {
    ...(settings && {
      system: { ...settings, ...(reapplied !== undefined && { reapplied }) },
    }),
    ...edgesReport(parts, edges, done),
  };
}

/** Returns the result fields of the lists of edges that were read. */
function edgesReport(
  parts: HostParts,
  edges: HostState['edges'],
  done: readonly HostChange[],
): Record<string, unknown> {
  return Object.fromEntries(
    parts.edges.flatMap(({ section, concern }) => {
      const seen = edges.get(section);
      return seen ? [[section, concern.report(seen, changesOf(done, section))]] : [];
    }),
  );
}
