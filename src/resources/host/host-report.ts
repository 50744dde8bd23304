import { reportRecord } from '../system/record-report.ts';
import { changesOf, type HostChange, type HostParts, type HostState } from './host-state.ts';

/** Returns the result fields of a run that fails: what was read last, and what was written. */
export function progressOf(
  parts: HostParts,
  { system, edges }: HostState,
  done: readonly HostChange[],
): Record<string, unknown> {
  return {
    changed: done.length > 0,
    sections: {
      ...(system && { system: reportRecord(system) }),
      ...edgesReport(parts, edges, done),
    },
  };
}

/** Returns the result fields of the lists of edges that were read. */
export function edgesReport(
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
