import type { AdminRecord } from '../../api/admin-systems.ts';

/** The name of a custom attribute, and the values to compare the attribute's value with. */
export interface AttributeValues {
  readonly attribute: string;
  readonly values: ReadonlySet<string>;
}

/**
 * Returns the values of each custom attribute of a record, by name. Includes every value of a name
 * that occurs more than once. Leaves out values that are not text, and attributes without a name.
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

/** Returns whether a record has all required custom attributes with exactly the required values. */
export function hasAttributes(
  record: AdminRecord,
  required: Readonly<Record<string, string>>,
): boolean {
  const found = attributesOf(record);
  return Object.entries(required).every(([name, value]) =>
    areAllIn(found.get(name), new Set([value])),
  );
}

/**
 * Returns whether a record belongs to a dead host: it has the custom attribute `attribute`, and the
 * attribute's value is in `values`.
 */
export function isDead(record: AdminRecord, { attribute, values }: AttributeValues): boolean {
  return areAllIn(attributesOf(record).get(attribute), values);
}

/**
 * Returns whether a record may belong to a living host: it lacks the custom attribute `attribute`,
 * the attribute is empty, or its value is in `values`, the values of living hosts.
 */
export function mayBeAlive(record: AdminRecord, { attribute, values }: AttributeValues): boolean {
  const found =
    attributesOf(record)
      .get(attribute)
      ?.filter((value) => value !== '') ?? [];
  return found.length === 0 || found.some((value) => values.has(value));
}

function areAllIn(found: readonly string[] | undefined, values: ReadonlySet<string>): boolean {
  return found?.every((value) => values.has(value)) ?? false;
}
