import {
  edgeChangesOf,
  type HostChange,
  type HostSections,
  type HostState,
  settingChangesOf,
} from './host-state.ts';

/** Returns the result fields of a failed run: the last observed state and the changes made. */
export function progressFields(
  sections: HostSections,
  observed: HostState,
  done: readonly HostChange[],
): Record<string, unknown> {
  return { changed: done.length > 0, sections: sectionFields(sections, observed, done) };
}

/** Returns the result fields of all sections that were read, by section. */
export function sectionFields(
  sections: HostSections,
  { system, edges, reapplied }: HostState,
  done: readonly HostChange[],
): Record<string, unknown> {
  const settings = system && sections.system?.report(system, settingChangesOf(done));
  return {
    ...(settings && {
      system: { ...settings, ...(reapplied !== undefined && { reapplied }) },
    }),
    ...edgesReport(sections, edges, done),
  };
}

/** Returns a result field for each list of edges that was read. */
function edgesReport(
  sections: HostSections,
  edges: HostState['edges'],
  done: readonly HostChange[],
): Record<string, unknown> {
  return Object.fromEntries(
    sections.edges.flatMap(({ section, resource }) => {
      const observed = edges.get(section);
      return observed ? [[section, resource.report(observed, edgeChangesOf(done, section))]] : [];
    }),
  );
}
