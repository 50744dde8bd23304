import type { AdminRecord } from '../../api/admin-systems.ts';

/** An attribute, and the values of it that matter. */
export interface AttributeValues {
  readonly attribute: string;
  readonly values: ReadonlySet<string>;
}

/**
 * Returns a record's custom attributes: all values of each name. A name should occur once; if it does
 * not, every value counts. Values that are no text, and attributes without a name, are left out.
 */
export function attributesOf({ attributes }: AdminRecord): Map<string, string[]> {
  const found = new Map<string, string[]>();
  if (!Array.isArray(attributes)) return found;
  for (const { name, value } of attributes.map(Object)) {
    if (typeof name !== 'string' || typeof value !== 'string') continue;
    found.set(name, [...(found.get(name) ?? []), value]);
  }
  return found;
}

/** Returns whether a record has attributes with exactly these values. */
export function hasAttributes(
  record: AdminRecord,
  required: Readonly<Record<string, string>>,
): boolean {
  const found = attributesOf(record);
  return Object.entries(required).every(([name, value]) =>
    isAll(found.get(name), new Set([value])),
  );
}

/** Returns whether a record's attribute is among the values of dead hosts. */
export function isDead(record: AdminRecord, { attribute, values }: AttributeValues): boolean {
  return isAll(attributesOf(record).get(attribute), values);
}

/** Returns whether a host may be alive: its attribute is among the values, or it has none. */
export function isAlive(record: AdminRecord, { attribute, values }: AttributeValues): boolean {
  const found =
    attributesOf(record)
      .get(attribute)
      ?.filter((value) => value !== '') ?? [];
  return found.length === 0 || found.some((value) => values.has(value));
}

function isAll(found: readonly string[] | undefined, values: ReadonlySet<string>): boolean {
  return found?.every((value) => values.has(value)) ?? false;
}
