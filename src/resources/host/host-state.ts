import type { EdgeChange } from '../../api/graph.ts';
import type { SystemRecord } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { Edges } from '../edges/plan-edges.ts';
import type { Field } from '../system/system-fields.ts';
import type { EdgesSection } from './edge-sections.ts';
import type { EdgeSection } from './host-options.ts';

/** What there is of each section of the document. */
export interface HostState {
  readonly system: SystemRecord | undefined;
  readonly edges: ReadonlyMap<EdgeSection, Edges>;
  /** How often settings were written again while they were settling. */
  readonly reapplied?: number | undefined;
}

/** A write, and the section that it belongs to. */
export type HostChange =
  | { readonly section: 'system'; readonly change: Field }
  | { readonly section: EdgeSection; readonly change: EdgeChange };

/** The parts of the document as concerns of their own. */
export interface HostSections {
  readonly system: Resource<SystemRecord, Field> | undefined;
  readonly edges: readonly EdgesSection[];
}

/** The fields of the record among changes. */
export function fieldsOf(changes: readonly HostChange[]): Field[] {
  return changes.flatMap((one) => (one.section === 'system' ? [one.change] : []));
}

/** The changes to one list of edges among all. */
export function changesOf(changes: readonly HostChange[], section: EdgeSection): EdgeChange[] {
  return changes.flatMap((one) =>
    one.section !== 'system' && one.section === section ? [one.change] : [],
  );
}
