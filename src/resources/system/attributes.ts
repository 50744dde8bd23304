import type { Attribute, SystemRecord } from '../../api/systems.ts';

/** The name and value of a custom attribute, without the attribute's other fields. */
export type BareAttribute = Readonly<{ name: string; value: string | null }>;

/** Returns the name and value of each custom attribute. */
export function toBareAttributes(attributes: readonly Attribute[]): BareAttribute[] {
  return attributes.map(({ name, value }) => ({ name, value: value ?? null }));
}

/** Returns whether two lists have the same names and values in the same order. */
export function isSameAttributeList(
  one: readonly BareAttribute[],
  other: readonly BareAttribute[],
): boolean {
  return (
    one.length === other.length &&
    one.every(({ name, value }, i) => name === other[i]?.name && value === other[i].value)
  );
}

/** Returns the custom attributes of a record, including attributes without a value. */
export function attributesOf({ attributes }: SystemRecord): readonly Attribute[] {
  return attributes ?? [];
}

/**
 * Returns the custom attributes to write. Keeps the record's order, so that a list without drift
 * stays the same. Removes duplicates of desired attributes. Keeps attributes that are not desired,
 * unless `purge` is true.
 */
export function mergeAttributes(
  current: readonly Attribute[],
  desired: ReadonlyMap<string, string | null>,
  purge: boolean,
): Attribute[] {
  const merged: Attribute[] = [];
  const missing = new Map(desired);
  for (const attribute of current) {
    const { name } = attribute;
    const value = missing.get(name);
    if (typeof value === 'string') merged.push({ ...attribute, value });
    if (!purge && !desired.has(name)) merged.push(attribute);
    missing.delete(name);
  }
  for (const [name, value] of missing) {
    if (value !== null) merged.push({ name, value });
  }
  return merged;
}
