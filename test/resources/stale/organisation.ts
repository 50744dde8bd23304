import type { AdminRecord } from '../../../src/api/admin-systems.ts';
import type { Criteria } from '../../../src/resources/stale/select-stale-records.ts';

export const DAY_MS = 86_400_000;
/** The current time in random organisations. */
export const NOW_MS = Date.parse('2026-11-30T12:00:00Z');

/** A random organisation, and the criteria of a selection. */
export interface RandomCase {
  readonly records: AdminRecord[];
  readonly criteria: Criteria;
}

/** Returns a random organisation in which many conditions are just met or just missed. */
export function randomCase(random: () => number): RandomCase {
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(...values: readonly T[]): T => values[below(values.length)] as T;
  const chance = (probability: number) => random() < probability;
  const inactiveDays = 1 + below(40);
  const date = () => {
    const edge = NOW_MS - inactiveDays * DAY_MS;
    return pick<() => unknown>(
      () => new Date(edge).toISOString(),
      () => new Date(edge + 1).toISOString(),
      () => new Date(edge - 1).toISOString(),
      () => new Date(NOW_MS - below(80) * DAY_MS).toISOString(),
      () => new Date(NOW_MS - below(80) * DAY_MS).toISOString(),
      () => new Date(NOW_MS + DAY_MS).toISOString(),
      () => new Date(edge - 7_200_000).toISOString().replace('.000Z', '-02:00'),
      () => null,
      () => '0001-01-01T00:00:00Z',
      () => pick<unknown>(undefined, '', 'soon', 5, {}, '2026-02-30T00:00:00Z', '2026-01-01'),
    )();
  };
  const value = () => pick('a', 'b', 'c', 'A', '');
  const attributes = () =>
    pick<() => unknown>(
      () => [{ name: 'id', value: value() }],
      () => [
        { name: 'id', value: value() },
        { name: 'role', value: value() },
      ],
      () => [{ name: 'role', value: value() }],
      () => [
        { name: 'id', value: value() },
        { name: 'id', value: value() },
      ],
      () =>
        pick<unknown>(null, undefined, [], [{ name: 'id', value: null }], [{ name: 'id' }], 'x', [
          null,
        ]),
    )();
  const records = Array.from(
    { length: below(25) },
    (_, i): AdminRecord => ({
      _id: i.toString(16).padStart(24, '0'),
      hostname: pick<unknown>('one', 'two', 'three', 'One', '', null, undefined, 7),
      displayName: 'name',
      lastContact: date(),
      created: chance(0.8) ? new Date(NOW_MS - below(80) * DAY_MS).toISOString() : date(),
      active: pick<unknown>(true, false, false, false, false, null, undefined, 'true', 1),
      attributes: attributes(),
    }),
  );
  const set = () => new Set(Array.from({ length: below(3) }, () => pick('a', 'b', 'c')));
  const isInactive = chance(0.75);
  const criteria: Criteria = {
    inactive_days: isInactive ? inactiveDays : undefined,
    dead: !isInactive || chance(0.3) ? { attribute: 'id', values: set() } : undefined,
    alive: chance(0.3) ? { attribute: pick('id', 'role'), values: set() } : undefined,
    attributes: chance(0.3) ? { [pick('id', 'role')]: value() } : undefined,
    superseded_only: isInactive && chance(0.3),
    include_never_contacted: isInactive && chance(0.4),
  };
  return { records, criteria };
}

/**
 * The correct decision about a record: selected, skipped because its host is connected, skipped
 * because it has no usable date, or kept.
 */
export type Decision = 'stale' | 'connected' | 'undated' | 'kept';

/** Decides about one record by the documented rules, in the documented order. */
export function decideByRules({ records, criteria }: RandomCase, record: AdminRecord): Decision {
  const texts = (name: string) =>
    (Array.isArray(record.attributes) ? record.attributes : [])
      .filter((one) => one?.name === name && typeof one.value === 'string')
      .map((one) => one.value as string);
  const time = (date: unknown): number | undefined =>
    typeof date === 'string' && !date.startsWith('0001') ? Date.parse(date) : undefined;
  const isMissing = (date: unknown) =>
    date === null || date === undefined || String(date).startsWith('0001-01-01');
  const isReadable = (date: unknown) =>
    isMissing(date) ||
    (typeof date === 'string' && date.length >= 20 && date !== '2026-02-30T00:00:00Z');
  const { inactive_days: days, dead, alive, attributes, superseded_only } = criteria;
  const isOld = (date: unknown) => NOW_MS - (time(date) ?? Number.NaN) >= (days ?? 0) * DAY_MS;

  if (dead !== undefined) {
    const own = texts(dead.attribute);
    if (own.length === 0 || own.some((text) => !dead.values.has(text))) return 'kept';
  }
  for (const [name, wanted] of Object.entries(attributes ?? {})) {
    const own = texts(name);
    if (own.length === 0 || own.some((text) => text !== wanted)) return 'kept';
  }
  if (alive !== undefined) {
    const own = texts(alive.attribute).filter((text) => text.length > 0);
    if (own.length === 0 || own.some((text) => alive.values.has(text))) return 'kept';
  }
  if (superseded_only) {
    const isReplaced = records.some(
      (other) =>
        other !== record &&
        other.hostname === record.hostname &&
        typeof record.hostname === 'string' &&
        record.hostname.length > 0 &&
        isReadable(other.lastContact) &&
        !isMissing(other.lastContact) &&
        NOW_MS - (time(other.lastContact) ?? 0) < (days ?? 0) * DAY_MS,
    );
    if (!isReplaced) return 'kept';
  }
  const isConnected = ![false, null, undefined].includes(record.active as false);
  if (isConnected && dead === undefined) return 'kept';
  if (!isReadable(record.lastContact) || !isReadable(record.created)) return 'undated';
  if (days !== undefined) {
    if (isMissing(record.lastContact)) {
      if (!criteria.include_never_contacted) return 'kept';
      if (isMissing(record.created)) return 'undated';
      if (!isOld(record.created)) return 'kept';
    } else if (!isOld(record.lastContact)) return 'kept';
  }
  return isConnected ? 'connected' : 'stale';
}
