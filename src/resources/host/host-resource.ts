import type { SystemRecord } from '../../api/systems.ts';
import type { Resource } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from '../edges/plan-edges.ts';
import { readInParallel } from '../read-in-parallel.ts';
import type { Field } from '../system/system-fields.ts';
import { systemResource } from '../system/system-resource.ts';
import { type EdgesSection, edgesSections } from './edge-sections.ts';
import type { EdgeSection, HostOptions } from './host-options.ts';
import { progressFields, sectionFields } from './host-report.ts';
import {
  changesOf,
  fieldsOf,
  type HostChange,
  type HostSections,
  type HostState,
} from './host-state.ts';
import { inSection } from './in-section.ts';
import { writeHost } from './write-host.ts';

/** The whole document as a concern: a list of concerns over one session. */
export function hostResource(
  session: HostSession,
  options: HostOptions,
): Resource<HostState, HostChange> {
  const parts: HostSections = {
    system: options.system && systemResource(session, options.system),
    edges: edgesSections(session, options),
  };

  return {
    async read(onPartRead) {
      let system: SystemRecord | undefined;
      const edges = new Map<EdgeSection, Edges>();
      const reading = async (section: string, read: Promise<void>) => {
        await read.catch((error) => inSection(section, error));
        onPartRead({ system, edges });
      };
      const record = async ({ read }: Resource<SystemRecord, Field>) => {
        system = await read(() => {});
      };
      const list = async ({ section, concern }: EdgesSection) => {
        edges.set(section, await concern.read(() => {}));
      };
      await readInParallel(session, [
        ...(parts.system ? [reading('system', record(parts.system))] : []),
        ...parts.edges.map((part) => reading(part.section, list(part))),
      ]);
      return { system, edges };
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
      writeHost({ session, options, parts, run }, changes, before),

    diffView: ({ system, edges }) => ({
      ...(system && { system: parts.system?.diffView(system) }),
      ...Object.assign(
        {},
        ...parts.edges.map(({ section, concern }) =>
          concern.diffView(edges.get(section) ?? new Map()),
        ),
      ),
    }),

    progress: (seen, done) => progressFields(parts, seen, done),

    report: (after, done) => ({ sections: sectionFields(parts, after, done) }),

    summary(done, isPrediction) {
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
