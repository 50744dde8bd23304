import { type ModuleError, NotApplied, NotFound, Rejected } from '../../base/errors.ts';
import type { Applied } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesFailure, edgesFailure } from '../edges/edges-failure.ts';
import { edgesWriter } from '../edges/write-edges.ts';
import { systemWriter } from '../system/system-writer.ts';
import type { EdgesSection } from './edge-sections.ts';
import type { HostOptions } from './host-options.ts';
import { progressFields } from './host-report.ts';
import {
  changesOf,
  fieldsOf,
  type HostChange,
  type HostSections,
  type HostState,
} from './host-state.ts';
import { inSection } from './in-section.ts';

/** What the writes of a run to the whole document need. */
export interface HostWriterContext {
  readonly session: HostSession;
  readonly options: HostOptions;
  readonly parts: HostSections;
  readonly run: Run;
}

/**
 * Writes the settings, then what is added and updated, then in the reverse order what is removed, so
 * that nobody who keeps access loses it in between; reads back all lists at the same time, and waits
 * for the settings to hold. Settings or edges that are refused do not keep the rest from being written.
 */
export async function writeHost(
  { session, options, parts, run }: HostWriterContext,
  changes: readonly HostChange[],
  before: HostState,
): Promise<Applied<HostState, HostChange>> {
  const record =
    options.system && before.system
      ? systemWriter(session, options.system, run, before.system)
      : undefined;
  const writers = parts.edges.map((part) => ({
    ...part,
    writer: edgesWriter({ run, session, access: part.access, desired: part.desired }),
    planned: changesOf(changes, part.section),
  }));
  const done = (): HostChange[] => [
    ...(record?.done() ?? []).map((change) => ({ section: 'system', change }) as const),
    ...writers.flatMap(({ section, writer }) =>
      writer.done().map((change) => ({ section, change })),
    ),
  ];
  const seen = (): HostState => ({
    system: record?.seen() ?? before.system,
    reapplied: record?.reapplied(),
    edges: new Map([
      ...before.edges,
      ...writers.flatMap(({ section, writer }) => {
        const edges = writer.seen();
        return edges ? [[section, edges] as const] : [];
      }),
    ]),
  });
  run.report.setProgress(() => progressFields(parts, seen(), done()));

  let refusedSettings = await record?.write(fieldsOf(changes)).then(() => undefined, refusalOf);

  for (const { section, writer, planned } of writers) {
    const grants = planned.filter(({ op }) => op !== 'remove');
    await writer.write(grants).catch((error) => inSection(section, error));
  }
  for (const { section, writer, planned } of [...writers].reverse()) {
    const removals = planned.filter(({ op }) => op === 'remove');
    await writer.write(removals).catch((error) => inSection(section, error));
  }

  const changed = writers.filter(({ planned }) => planned.length > 0);
  const readBacks = await Promise.all(
    changed.map(({ section, writer }) =>
      writer.readBack().catch((error) => inSection(section, error)),
    ),
  );
  const unshown = edgesFailure(readBacks);
  if (refusedSettings === undefined) {
    refusedSettings = await record?.settle().then(() => undefined, refusalOf);
  }
  const after = seen();
  const failure = failureOf(parts.edges, refusedSettings, unshown);
  return { done: done(), after, ...(failure && { failure }) };
}

/** Refused settings come first, with what became of the edges beside them. */
function failureOf(
  parts: readonly EdgesSection[],
  settings: ModuleError | undefined,
  edges: EdgesFailure | undefined,
): ModuleError | undefined {
  if (settings === undefined) return edges?.error.withDetails({ section: sectionOf(parts, edges) });
  return settings.withDetails({ ...edges?.details, section: 'system' }, edges?.also);
}

/** What JumpCloud refuses of the settings says nothing about the edges; anything else ends the run. */
function refusalOf(error: unknown): ModuleError {
  if (error instanceof Rejected || error instanceof NotFound || error instanceof NotApplied) {
    return error;
  }
  return inSection('system', error);
}

function sectionOf(
  parts: readonly EdgesSection[],
  { access }: { access: EdgesSection['access'] },
): string {
  return parts.find((part) => part.access === access)?.section ?? '';
}
