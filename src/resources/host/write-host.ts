import type { EdgeChange } from '../../api/graph.ts';
import { type ModuleError, NotApplied, NotFound, Rejected } from '../../errors.ts';
import type { Applied } from '../../reconcile.ts';
import type { Run } from '../../run.ts';
import type { HostSession } from '../../transport/host-session.ts';
import { type Unconfirmed, unconfirmed } from '../edges/unconfirmed.ts';
import { edgesWriter, type RefusedEdge } from '../edges/write-edges.ts';
import type { Field } from '../system/system-fields.ts';
import { systemWriter } from '../system/system-writer.ts';
import type { EdgesPart } from './edge-sections.ts';
import {
  changesOf,
  fieldsOf,
  type HostChange,
  type HostParts,
  type HostState,
} from './host-concern.ts';
import type { EdgeSection, HostOptions } from './host-options.ts';
import { inSection } from './in-section.ts';

/** What the writes of a run to the whole document need. */
export interface HostWork {
  readonly session: HostSession;
  readonly options: HostOptions;
  readonly parts: HostParts;
  readonly run: Run;
}

/**
 * Writes the settings, then what is added and updated, then in the reverse order what is removed, so
 * that nobody who keeps access loses it in between; reads back all lists at the same time, and waits
 * for the settings to hold. Settings or edges that are refused do not keep the rest from being written.
 */
export async function writeHost(
  { session, options, parts, run }: HostWork,
  changes: readonly HostChange[],
  before: HostState,
  onDone: (done: readonly HostChange[], seen: HostState) => void,
): Promise<Applied<HostState, HostChange>> {
  let fields: readonly Field[] = [];
  let { system, reapplied } = before;
  const edges = new Map(before.edges);
  const lists = new Map<EdgeSection, readonly EdgeChange[]>();
  const done = (): HostChange[] => [
    ...fields.map((change) => ({ section: 'system', change }) as const),
    ...[...lists].flatMap(([section, some]) => some.map((change) => ({ section, change }))),
  ];
  const tell = () => onDone(done(), { system, edges, reapplied });
  const record =
    options.system && before.system
      ? systemWriter(session, options.system, run, before.system, (some, seen, times) => {
          fields = some;
          system = seen;
          reapplied = times;
          tell();
        })
      : undefined;
  const refused: RefusedEdge[] = [];
  const writers = parts.edges.map((part) => {
    const writer = edgesWriter({
      run,
      session,
      access: part.access,
      wish: part.wish,
      onDone: (some, seen) => {
        lists.set(part.section, some);
        if (seen !== undefined) edges.set(part.section, seen);
        tell();
      },
      onRefused: (edge) => refused.push(edge),
    });
    const planned = changesOf(changes, part.section);
    return { ...part, writer, planned };
  });

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
  const unshown = unconfirmed(refused, readBacks);
  if (refusedSettings === undefined) {
    refusedSettings = await record?.settle().then(() => undefined, refusalOf);
  }
  const after = { system, edges, reapplied };
  const failure = failureOf(parts.edges, refusedSettings, unshown);
  return { done: done(), after, ...(failure && { failure }) };
}

/** Refused settings come first, with what became of the edges beside them. */
function failureOf(
  parts: readonly EdgesPart[],
  settings: ModuleError | undefined,
  edges: Unconfirmed | undefined,
): ModuleError | undefined {
  if (settings === undefined) return edges?.error.with({ section: sectionOf(parts, edges) });
  const { refused, missing } = edges?.error.details ?? {};
  const details = {
    ...(refused !== undefined && { refused }),
    ...(missing !== undefined && { missing }),
    section: 'system',
  };
  return settings.with(details, edges?.also);
}

/** What JumpCloud refuses of the settings says nothing about the edges; anything else ends the run. */
function refusalOf(error: unknown): ModuleError {
  if (error instanceof Rejected || error instanceof NotFound || error instanceof NotApplied) {
    return error;
  }
  return inSection('system', error);
}

function sectionOf(
  parts: readonly EdgesPart[],
  { access }: { access: EdgesPart['access'] },
): string {
  return parts.find((part) => part.access === access)?.section ?? '';
}
