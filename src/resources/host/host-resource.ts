import type { SystemRecord } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from '../edges/plan-edges.ts';
import { readInParallel } from '../read-in-parallel.ts';
import type { ManagedField } from '../system/system-fields.ts';
import { systemResource } from '../system/system-resource.ts';
import { type EdgeList, edgeLists } from './edge-lists.ts';
import type { EdgeSection, HostOptions } from './host-options.ts';
import { progressFields, sectionFields } from './host-report.ts';
import {
  edgeChangesOf,
  type HostChange,
  type HostSections,
  type HostState,
  settingChangesOf,
} from './host-state.ts';
import { rethrowWithSection } from './rethrow-with-section.ts';

/**
 * Returns the resource that manages a whole document. This resource contains a resource for each
 * section, and all of them use the same session.
 */
export function hostResource(
  session: HostSession,
  options: HostOptions,
): Resource<HostState, HostChange> {
  const sections: HostSections = {
    system: options.system && systemResource(session, options.system),
    edges: edgeLists(session, options),
  };

  return {
    async read(onPartRead) {
      let system: SystemRecord | undefined;
      const edges = new Map<EdgeSection, Edges>();
      const reportRead = async (section: string, read: Promise<void>) => {
        await read.catch((error) => rethrowWithSection(section, error));
        onPartRead({ system, edges });
      };
      const readSettings = async ({ read }: Resource<SystemRecord, ManagedField>) => {
        system = await read(() => {});
      };
      const readEdges = async ({ section, resource }: EdgeList) => {
        edges.set(section, await resource.read(() => {}));
      };
      await readInParallel(session, [
        ...(sections.system ? [reportRead('system', readSettings(sections.system))] : []),
        ...sections.edges.map((list) => reportRead(list.section, readEdges(list))),
      ]);
      return { system, edges };
    },

    plan({ system, edges }) {
      const settingsPlan = system && sections.system?.plan(system);
      const plans = sections.edges.map(({ section, resource }) => ({
        section,
        ...resource.plan(edges.get(section) ?? new Map()),
      }));
      return {
        changes: [
          ...(settingsPlan?.changes ?? []).map(
            (change) => ({ section: 'system', change }) as const,
          ),
          ...plans.flatMap(({ section, changes }) =>
            changes.map((change) => ({ section, change })),
          ),
        ],
        after: {
          system: settingsPlan?.after,
          edges: new Map(plans.map(({ section, after }) => [section, after])),
        },
      };
    },

    async apply(run, { changes }, before) {
      if (changes.length === 0 && !options.system?.settle) return { done: [], after: before };
      const { writeHost } = await import('./write-host.ts');
      return writeHost({ session, options, sections, run }, changes, before);
    },

    diffView: ({ system, edges }) => ({
      ...(system && { system: sections.system?.diffView(system) }),
      ...Object.assign(
        {},
        ...sections.edges.map(({ section, resource }) =>
          resource.diffView(edges.get(section) ?? new Map()),
        ),
      ),
    }),

    progress: (observed, done) => progressFields(sections, observed, done),

    report: (after, done) => ({ sections: sectionFields(sections, after, done) }),

    summary(done, isPrediction) {
      const fields = settingChangesOf(done);
      const changed = [
        ...(fields.length > 0 ? [`system: ${fields.map(({ option }) => option).join(', ')}`] : []),
        ...sections.edges.flatMap(({ section, resource }) => {
          const changes = edgeChangesOf(done, section);
          return changes.length > 0 ? [`${section}: ${resource.counts(changes)}`] : [];
        }),
      ];
      if (changed.length === 0) return 'Nothing to change.';
      return `${isPrediction ? 'Would change' : 'Changed'} ${changed.join('; ')}.`;
    },

    async warnings({ edges }) {
      const warningsBySection = sections.edges.map(({ section, warnings }) =>
        warnings?.(edges.get(section) ?? new Map(), edges).catch((error) =>
          rethrowWithSection(section, error),
        ),
      );
      return (await Promise.all(warningsBySection)).flatMap((warnings) => warnings ?? []);
    },
  };
}
