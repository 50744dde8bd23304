import type { ModuleName } from '../../../src/modules.ts';
import { asking, type DesiredState } from '../edges/edge-kind.ts';
import { EDGE_KINDS, EDGE_SECTIONS, type EdgeSection } from './host-case.ts';

/** A document as jumpcloud_host takes it, each list with objects as its items. */
export type HostDocument = Readonly<Partial<Record<EdgeSection, readonly DesiredState[]>>> & {
  readonly system?: Readonly<Record<string, unknown>>;
  readonly exclusive: readonly EdgeSection[];
  readonly keep?: Readonly<Partial<Record<EdgeSection, readonly string[]>>>;
};

/** A call of the module that keeps one section, or a part of it. */
export interface SingleCall {
  readonly section: EdgeSection | 'system';
  readonly module: ModuleName;
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * The calls of single modules that come to what a document says. Users are last, because what is said
 * of access that remains describes the state after all.
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
  const call = (some: readonly DesiredState[], rest: object = {}): SingleCall => ({
    section,
    module: kind.module,
    options: { ...asking(kind, some), ...rest },
  });
  const kept = keep?.[section];
  const whole = exclusive.includes(section) ? { exclusive: true, ...(kept && { keep: kept }) } : {};
  if (kind.sudo !== 'all') return [call(desired, whole)];
  // The module of that concern asks for one sudo for all.
  const sudos = new Set(desired.map(sudoOf));
  if (sudos.size < 2) return [call(desired, whole)];
  return [
    ...[...sudos].map((sudo) => call(desired.filter((one) => sudoOf(one) === sudo))),
    ...('exclusive' in whole
      ? [
          call(
            desired.map(({ id }) => ({ id })),
            whole,
          ),
        ]
      : []),
  ];
}

function sudoOf({ sudo, sudo_without_password }: DesiredState): string {
  return JSON.stringify([sudo, sudo_without_password]);
}
