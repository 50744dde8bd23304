import type { AdminRecord } from '../../api/admin-systems.ts';
import { formatCount, truncate } from '../../base/printable.ts';
import { parseDate } from './parse-date.ts';
import { attributesOf } from './record-attributes.ts';

/** The maximum number of records that a warning names. */
const MAX_NAMED_RECORDS = 20;

/** Returns the entry of a record for the result. `reason` says why the record is in the list. */
export function reportRecord(record: AdminRecord, reason: string): Record<string, unknown> {
  const { _id, hostname, displayName, lastContact, created } = record;
  const attributes = [...attributesOf(record)].map(([name, values]) => [name, values.at(-1)]);
  return {
    id: _id,
    hostname: textOf(hostname),
    display_name: textOf(displayName),
    last_contact: parseDate(lastContact) === 'none' ? null : textOf(lastContact),
    created: textOf(created),
    attributes: Object.fromEntries(attributes),
    reason,
  };
}

/** Returns the name of a record for messages, for example `web-1 (5f1a…)`. */
export function nameOf({ _id, hostname, displayName }: AdminRecord): string {
  const name = [hostname, displayName].map(textOf).find(Boolean);
  return name ? `${truncate(name)} (${_id})` : _id;
}

/**
 * Lists records by name for a warning. Names at most `MAX_NAMED_RECORDS` records, and counts the
 * others.
 */
export function describeRecords(records: readonly AdminRecord[]): string {
  const named = records.slice(0, MAX_NAMED_RECORDS).map(nameOf).join(', ');
  const others = records.length - MAX_NAMED_RECORDS;
  return others > 0 ? `${named}, and ${formatCount(others, 'other')}` : named;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
