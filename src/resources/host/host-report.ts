import {
  changesOf,
  fieldsOf,
  type HostChange,
  type HostSections,
  type HostState,
} from './host-state.ts';

/** Returns the result fields of a run that fails: what was read last, and what was written. */
export function progressFields(
  parts: HostSections,
  seen: HostState,
  done: readonly HostChange[],
): Record<string, unknown> {
  return { changed: done.length > 0, sections: sectionFields(parts, seen, done) };
}

/** Returns the result fields of the sections that were read. */
export function sectionFields(
  parts: HostSections,
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
  parts: HostSections,
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
