import type { EdgeChange } from '../../api/graph.ts';
import type { SystemRecord } from '../../api/systems.ts';
import type { Concern } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from '../edges/plan-edges.ts';
import { reportRecord } from '../system/record-report.ts';
import { systemConcern } from '../system/system-concern.ts';
import type { Field } from '../system/system-fields.ts';
import { type EdgesPart, edgesParts } from './edge-sections.ts';
import type { EdgeSection, HostOptions } from './host-options.ts';
import { inSection } from './in-section.ts';
import { writeHost } from './write-host.ts';

/** What there is of each section of the document. */
export interface HostState {
  readonly system: SystemRecord | undefined;
  readonly edges: ReadonlyMap<EdgeSection, Edges>;
  /** How often settings were written again while they were settling. */
  readonly reapplied?: unknown;
}

/** A write, and the section that it belongs to. */
export type HostChange =
  | { readonly section: 'system'; readonly change: Field }
  | { readonly section: EdgeSection; readonly change: EdgeChange };

/** The parts of the document as concerns of their own. */
export interface HostParts {
  readonly system: Concern<SystemRecord, Field> | undefined;
  readonly edges: readonly EdgesPart[];
}

/** The whole document as a concern: a list of concerns over one session. */
export function hostConcern(
  session: HostSession,
  options: HostOptions,
): Concern<HostState, HostChange> {
  const parts: HostParts = {
    system: options.system && systemConcern(session, options.system),
    edges: edgesParts(session, options),
  };

  return {
    async read() {
      const lists = parts.edges.map(async ({ section, concern }) => {
        const found = await concern.read().catch((error) => inSection(section, error));
        return [section, found] as const;
      });
      const record = parts.system?.read().catch((error) => inSection('system', error));
      const [system, ...edges] = await Promise.all([record, ...lists]);
      return { system, edges: new Map(edges) };
    },

    plan({ system, edges }) {
      const planned = system && parts.system?.plan(system);
      const plans = parts.edges.map(({ section, concern }) => ({
        section,
        ...concern.plan(edges.get(section) ?? new Map()),
      }));
      return {
        changes: [
          ...(planned?.changes ?? []).map((change) => ({ section: 'system', change }) as const),
          ...plans.flatMap(({ section, changes }) =>
            changes.map((change) => ({ section, change })),
          ),
        ],
        after: {
          system: planned?.after,
          edges: new Map(plans.map(({ section, after }) => [section, after])),
        },
      };
    },

    apply: (run, { changes }, before) =>
      writeHost({ session, options, parts, run }, changes, before, (done, record) =>
        run.report.done(progressOf(parts, done, record)),
      ),

    managed: ({ system, edges }) => ({
      ...(system && { system: parts.system?.managed(system) }),
      ...Object.assign(
        {},
        ...parts.edges.map(({ section, concern }) =>
          concern.managed(edges.get(section) ?? new Map()),
        ),
      ),
    }),

    progress: (done) => progressOf(parts, done),

    report: ({ system, edges, reapplied }, done) => ({
      sections: {
        ...(system && {
          system: {
            ...parts.system?.report(system, fieldsOf(done)),
            ...(reapplied !== undefined && { reapplied }),
          },
        }),
        ...Object.fromEntries(
          parts.edges.map(({ section, concern }) => [
            section,
            concern.report(edges.get(section) ?? new Map(), changesOf(done, section)),
          ]),
        ),
      },
    }),

    sentence(done, isPrediction) {
      const fields = fieldsOf(done);
      const said = [
        ...(fields.length > 0 ? [`system: ${fields.map(({ option }) => option).join(', ')}`] : []),
        ...parts.edges.flatMap(({ section, concern }) => {
          const changes = changesOf(done, section);
          return changes.length > 0 ? [`${section}: ${concern.counts(changes)}`] : [];
        }),
      ];
      if (said.length === 0) return 'Nothing to change.';
      return `${isPrediction ? 'Would change' : 'Changed'} ${said.join('; ')}.`;
    },

    async warnings({ edges }) {
      const each = parts.edges.map(({ section, warnings }) =>
        warnings?.(edges.get(section) ?? new Map(), edges).catch((error) =>
          inSection(section, error),
        ),
      );
      return (await Promise.all(each)).flatMap((some) => some ?? []);
    },
  };
}

function progressOf(
  parts: HostParts,
  done: readonly HostChange[],
  record?: SystemRecord,
): Record<string, unknown> {
  const lists = parts.edges.map(({ section, concern }) => [
    section,
    concern.lists(changesOf(done, section)),
  ]);
  return {
    changed: done.length > 0,
    sections: { ...(record && { system: reportRecord(record) }), ...Object.fromEntries(lists) },
  };
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
