import type { SystemRecord } from '../../api/systems.ts';
import type { Concern } from '../../reconcile.ts';
import type { HostSession } from '../../transport/host-session.ts';
import type { Edges } from '../edges/plan-edges.ts';
import { readTogether } from '../read-together.ts';
import { systemConcern } from '../system/system-concern.ts';
import type { Field } from '../system/system-fields.ts';
import { type EdgesPart, edgesParts } from './edge-sections.ts';
import type { EdgeSection, HostOptions } from './host-options.ts';
import { progressOf, sectionsOf } from './host-report.ts';
import {
  changesOf,
  fieldsOf,
  type HostChange,
  type HostParts,
  type HostState,
} from './host-state.ts';
import { inSection } from './in-section.ts';
import { writeHost } from './write-host.ts';

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
    async read(onPart) {
      let system: SystemRecord | undefined;
      const edges = new Map<EdgeSection, Edges>();
      const reading = async (section: string, read: Promise<void>) => {
        await read.catch((error) => inSection(section, error));
        onPart({ system, edges });
      };
      const record = async ({ read }: Concern<SystemRecord, Field>) => {
        system = await read(() => {});
      };
      const list = async ({ section, concern }: EdgesPart) => {
        edges.set(section, await concern.read(() => {}));
      };
      await readTogether(session, [
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

    managed: ({ system, edges }) => ({
      ...(system && { system: parts.system?.managed(system) }),
      ...Object.assign(
        {},
        ...parts.edges.map(({ section, concern }) =>
          concern.managed(edges.get(section) ?? new Map()),
        ),
      ),
    }),

    progress: (seen, done) => progressOf(parts, seen, done),

    report: (after, done) => ({ sections: sectionsOf(parts, after, done) }),

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
