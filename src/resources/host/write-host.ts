import { type ModuleError, NotApplied, NotFound, Rejected } from '../../base/errors.ts';
import type { ApplyResult } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type EdgesFailure, edgesFailure } from '../edges/edges-failure.ts';
import { edgesWriter } from '../edges/write-edges.ts';
import { systemWriter } from '../system/system-writer.ts';
import type { EdgeList } from './edge-lists.ts';
import type { HostOptions } from './host-options.ts';
import { progressFields } from './host-report.ts';
import {
  edgeChangesOf,
  type HostChange,
  type HostSections,
  type HostState,
  settingChangesOf,
} from './host-state.ts';
import { rethrowWithSection } from './rethrow-with-section.ts';

/** The objects that are needed to write a whole document. */
export interface HostWriterContext {
  readonly session: HostSession;
  readonly options: HostOptions;
  readonly sections: HostSections;
  readonly run: Run;
}

/**
 * Writes the settings first, then additions and updates of edges, then removals in reverse order of
 * the sections. Users who are to keep access therefore never lose it during the run. Reads back the
 * changed lists in parallel. Then waits for the settings to settle, unless they were refused.
 * Continues after refused settings or edges.
 */
export async function writeHost(
  { session, options, sections, run }: HostWriterContext,
  changes: readonly HostChange[],
  before: HostState,
): Promise<ApplyResult<HostState, HostChange>> {
  const recordWriter =
    options.system && before.system
      ? systemWriter(session, options.system, run, before.system)
      : undefined;
  const writers = sections.edges.map((list) => ({
    ...list,
    writer: edgesWriter({ run, session, access: list.access, desired: list.desired }),
    planned: edgeChangesOf(changes, list.section),
  }));
  const done = (): HostChange[] => [
    ...(recordWriter?.done() ?? []).map((change) => ({ section: 'system', change }) as const),
    ...writers.flatMap(({ section, writer }) =>
      writer.done().map((change) => ({ section, change })),
    ),
  ];
  const latest = (): HostState => ({
    system: recordWriter?.latest() ?? before.system,
    reapplied: recordWriter?.reapplied(),
    edges: new Map([
      ...before.edges,
      ...writers.flatMap(({ section, writer }) => {
        const edges = writer.latest();
        return edges ? [[section, edges] as const] : [];
      }),
    ]),
  });
  run.report.setProgress(() => progressFields(sections, latest(), done()));

  let refusedSettings = await recordWriter
    ?.write(settingChangesOf(changes))
    .then(() => undefined, requireSettingsError);

  for (const { section, writer, planned } of writers) {
    const grantingChanges = planned.filter(({ op }) => op !== 'remove');
    await writer.write(grantingChanges).catch((error) => rethrowWithSection(section, error));
  }
  for (const { section, writer, planned } of [...writers].reverse()) {
    const removals = planned.filter(({ op }) => op === 'remove');
    await writer.write(removals).catch((error) => rethrowWithSection(section, error));
  }

  const changedLists = writers.filter(({ planned }) => planned.length > 0);
  const readBacks = await Promise.all(
    changedLists.map(({ section, writer }) =>
      writer.readBack().catch((error) => rethrowWithSection(section, error)),
    ),
  );
  const failedEdges = edgesFailure(readBacks);
  if (refusedSettings === undefined) {
    refusedSettings = await recordWriter?.settle().then(() => undefined, requireSettingsError);
  }
  const after = latest();
  const failure = combineFailures(sections.edges, refusedSettings, failedEdges);
  return { done: done(), after, ...(failure && { failure }) };
}

/**
 * Returns the failure of a run that wrote the settings and edges of a host document; undefined if
 * nothing failed. A failure of the settings takes precedence, and its details then contain the
 * failed edges.
 */
function combineFailures(
  sections: readonly EdgeList[],
  settings: ModuleError | undefined,
  edges: EdgesFailure | undefined,
): ModuleError | undefined {
  if (settings === undefined)
    return edges?.error.withDetails({ section: findSection(sections, edges) });
  return settings.withDetails({ ...edges?.details, section: 'system' }, ...(edges?.followUp ?? []));
}

/**
 * Returns the error if it concerns only the settings, so that the run can still write the edges.
 * Otherwise, rethrows it.
 */
function requireSettingsError(error: unknown): ModuleError {
  if (error instanceof Rejected || error instanceof NotFound || error instanceof NotApplied) {
    return error;
  }
  return rethrowWithSection('system', error);
}

function findSection(
  sections: readonly EdgeList[],
  { access }: { access: EdgeList['access'] },
): string {
  return sections.find((list) => list.access === access)?.section ?? '';
}
