import type { ModuleName } from '../../../src/modules.ts';
import { type DesiredState, optionsFor } from '../edges/edge-kind.ts';
import { EDGE_KINDS, EDGE_SECTIONS, type EdgeSection } from './host-case.ts';

/** A document for jumpcloud_host in which every list item is an object. */
export type HostDocument = Readonly<Partial<Record<EdgeSection, readonly DesiredState[]>>> & {
  readonly system?: Readonly<Record<string, unknown>>;
  readonly exclusive: readonly EdgeSection[];
  readonly keep?: Readonly<Partial<Record<EdgeSection, readonly string[]>>>;
};

/** A call of a module that manages one section, or a part of a section. */
export interface SingleCall {
  readonly section: EdgeSection | 'system';
  readonly module: ModuleName;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Returns the calls of single modules that together apply a document. Users come last, because
 * warnings about remaining access describe the final state.
 */
export function singleCalls(document: HostDocument): SingleCall[] {
  const sections = EDGE_SECTIONS.filter((section) => section !== 'users');
  return [
    ...(document.system
      ? [{ section: 'system', module: 'jumpcloud_system', options: document.system } as const]
      : []),
    ...[...sections, 'users' as const].flatMap((section) => edgeCalls(section, document)),
  ];
}

function edgeCalls(section: EdgeSection, { exclusive, keep, ...lists }: HostDocument) {
  const desired = lists[section];
  if (desired === undefined) return [];
  const kind = EDGE_KINDS[section];
  const call = (items: readonly DesiredState[], rest: object = {}): SingleCall => ({
    section,
    module: kind.module,
    options: { ...optionsFor(kind, items), ...rest },
  });
  const kept = keep?.[section];
  const exclusiveOptions = exclusive.includes(section)
    ? { exclusive: true, ...(kept && { keep: kept }) }
    : {};
  if (kind.sudo !== 'all') return [call(desired, exclusiveOptions)];
  // jumpcloud_association takes one sudo setting for all ids.
  const sudos = new Set(desired.map(sudoKeyOf));
  if (sudos.size < 2) return [call(desired, exclusiveOptions)];
  return [
    ...[...sudos].map((sudo) => call(desired.filter((item) => sudoKeyOf(item) === sudo))),
    ...('exclusive' in exclusiveOptions
      ? [
          call(
            desired.map(({ id }) => ({ id })),
            exclusiveOptions,
          ),
        ]
      : []),
  ];
}

function sudoKeyOf({ sudo, sudo_without_password }: DesiredState): string {
  return JSON.stringify([sudo, sudo_without_password]);
}
