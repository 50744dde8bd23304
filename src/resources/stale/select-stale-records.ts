import type { AdminRecord } from '../../api/admin-systems.ts';
import { formatCount } from '../../base/printable.ts';
import { parseDate } from './parse-date.ts';
import { type AttributeValues, hasAttributes, isDead, mayBeAlive } from './record-attributes.ts';

const DAY_MS = 86_400_000;

/** The conditions of a selection. A record must meet all given conditions. */
export interface Criteria {
  readonly inactive_days: number | undefined;
  readonly dead: AttributeValues | undefined;
  readonly alive: AttributeValues | undefined;
  readonly attributes: Readonly<Record<string, string>> | undefined;
  readonly superseded_only: boolean;
  readonly include_never_contacted: boolean;
}

/** A record that was selected as stale. `reason` consists of sentences for people. */
export interface StaleRecord {
  readonly record: AdminRecord;
  readonly reason: string;
  /**
   * The id of a record that has the same hostname and is in use; undefined without
   * `superseded_only`.
   */
  readonly supersededBy: string | undefined;
}

/** The result of a selection among all records of an organisation. */
export interface Selection {
  readonly stale: readonly StaleRecord[];
  /**
   * Records that are dead according to the option `dead`, but that are not selected because their
   * hosts are connected.
   */
  readonly connected: readonly AdminRecord[];
  /** Records that are not selected because their dates cannot be read. */
  readonly undated: readonly AdminRecord[];
}

/** The age of a record with dates that cannot be parsed. */
const UNKNOWN_AGE = Symbol('undated');

/**
 * Selects the stale records among all records of an organisation. Does not select a record in case
 * of doubt. `now` is JumpCloud's time, in milliseconds since the epoch. Pure.
 */
export function selectStaleRecords(
  records: readonly AdminRecord[],
  criteria: Criteria,
  now: number,
): Selection {
  const { dead, alive, attributes = {}, superseded_only } = criteria;
  const successors = superseded_only ? successorsByHostname(records, criteria, now) : undefined;
  const stale: StaleRecord[] = [];
  const connected: AdminRecord[] = [];
  const undated: AdminRecord[] = [];
  for (const record of records) {
    const isConnected = isActive(record);
    if (isConnected && dead === undefined) continue;
    if (!hasAttributes(record, attributes)) continue;
    if (dead !== undefined && !isDead(record, dead)) continue;
    if (alive !== undefined && mayBeAlive(record, alive)) continue;
    const supersededBy = successors?.get(record.hostname)?.find((id) => id !== record._id);
    if (successors !== undefined && supersededBy === undefined) continue;
    const age = describeAge(record, criteria, now);
    if (age === undefined) continue;
    if (age === UNKNOWN_AGE) undated.push(record);
    else if (isConnected) connected.push(record);
    else {
      const reasons = [
        age,
        dead === undefined ? '' : `Its ${dead.attribute} is listed in dead.values.`,
        supersededBy === undefined ? '' : `${supersededBy} has the same hostname and is in use.`,
      ];
      stale.push({ record, supersededBy, reason: reasons.filter(Boolean).join(' ') });
    }
  }
  return { stale, connected, undated };
}

/**
 * Returns whether the host of a record is connected. Any value of `active` other than false, null
 * or undefined counts as connected.
 */
function isActive({ active }: AdminRecord): boolean {
  return active !== false && active !== undefined && active !== null;
}

/**
 * Returns a sentence with the age of a record that is old enough to be stale. Returns an empty text
 * if the age does not matter, undefined if the record is too young, and UNKNOWN_AGE if its dates
 * cannot be parsed.
 */
function describeAge(
  { lastContact, created }: AdminRecord,
  { inactive_days, include_never_contacted }: Criteria,
  now: number,
): string | typeof UNKNOWN_AGE | undefined {
  const contact = parseDate(lastContact);
  const creation = parseDate(created);
  if (contact === undefined || creation === undefined) return UNKNOWN_AGE;
  if (inactive_days === undefined) return '';
  const wasContacted = contact !== 'none';
  if (!wasContacted && !include_never_contacted) return undefined;
  const since = wasContacted ? contact : creation;
  if (since === 'none') return UNKNOWN_AGE;
  if (now - since < inactive_days * DAY_MS) return undefined;
  const age = `${formatCount(Math.floor((now - since) / DAY_MS), 'day')} ago`;
  return wasContacted ? `Last contact ${age}.` : `Never contacted, created ${age}.`;
}

/**
 * Returns the ids of the records in use, by hostname. A record is in use if its last contact is
 * within `inactive_days`, so it was contacted later than every stale record.
 */
function successorsByHostname(
  records: readonly AdminRecord[],
  { inactive_days = 0 }: Criteria,
  now: number,
): Map<unknown, string[]> {
  const successors = new Map<unknown, string[]>();
  for (const { _id, hostname, lastContact } of records) {
    const contact = parseDate(lastContact);
    if (typeof hostname !== 'string' || hostname === '' || typeof contact !== 'number') continue;
    if (now - contact >= inactive_days * DAY_MS) continue;
    successors.set(hostname, [...(successors.get(hostname) ?? []), _id]);
  }
  return successors;
}
