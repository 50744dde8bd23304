import type { EdgeChange } from '../../api/graph.ts';
import type { SystemRecord } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { Edges } from '../edges/plan-edges.ts';
import type { ManagedField } from '../system/system-fields.ts';
import type { EdgeList } from './edge-lists.ts';
import type { EdgeSection } from './host-options.ts';

/** The state of each section of the document. */
export interface HostState {
  readonly system: SystemRecord | undefined;
  readonly edges: ReadonlyMap<EdgeSection, Edges>;
  /**
   * The number of times that overwritten settings were written again; undefined without the option
   * `settle`.
   */
  readonly reapplied?: number | undefined;
}

/** A change with the section of the document that it belongs to. */
export type HostChange =
  | { readonly section: 'system'; readonly change: ManagedField }
  | { readonly section: EdgeSection; readonly change: EdgeChange };

/** The resources of the sections in the document. */
export interface HostSections {
  readonly system: Resource<SystemRecord, ManagedField> | undefined;
  readonly edges: readonly EdgeList[];
}

/** Returns those of the host's changes that concern settings in the record. */
export function settingChangesOf(changes: readonly HostChange[]): ManagedField[] {
  return changes.flatMap((item) => (item.section === 'system' ? [item.change] : []));
}

/** Returns those changes of a document that concern one list of edges. */
export function edgeChangesOf(changes: readonly HostChange[], section: EdgeSection): EdgeChange[] {
  return changes.flatMap((item) =>
    item.section !== 'system' && item.section === section ? [item.change] : [],
  );
}
