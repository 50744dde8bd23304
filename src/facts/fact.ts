/** The value of a fact, or the reason why it has none, such as `not found in os-release`. */
export type Fact = { readonly value: string } | { readonly reason: string };

/** The names of all facts, except tags and environment variables. */
export const FACT_NAMES = [
  'hostname',
  'hostname_short',
  'os.id',
  'os.version_id',
  'os.pretty_name',
  'arch',
  'kernel',
  'cloud.provider',
  'cloud.instance_id',
  'cloud.instance_type',
  'cloud.image_id',
  'cloud.region',
  'cloud.availability_zone',
  'cloud.account_id',
] as const;

/** The prefix of facts about tags. The tag's name follows. */
export const TAG_PREFIX = 'cloud.tag.';

/** The prefix of facts about environment variables. The variable's name follows. */
export const ENVIRONMENT_PREFIX = 'env.';

/** Returns the name of the tag in a fact's name; undefined if the fact is not a tag. */
export function tagOf(fact: string): string | undefined {
  return fact.startsWith(TAG_PREFIX) ? fact.slice(TAG_PREFIX.length) : undefined;
}

/** Returns whether a name belongs to a known fact. */
export function isKnownFact(name: string): boolean {
  return (
    FACT_NAMES.some((known) => known === name) ||
    [TAG_PREFIX, ENVIRONMENT_PREFIX].some((prefix) => name.startsWith(prefix) && name !== prefix)
  );
}

/** The maximum length of a fact, in code points. JumpCloud limits attributes to this length. */
const MAX_VALUE_LENGTH = 1024;

/**
 * Converts a value from `source` to a fact. Trims the value. If the value is empty, too long or not
 * plain text, returns a reason instead.
 */
export function toFact(value: unknown, source: string): Fact {
  if (typeof value !== 'string' && typeof value !== 'number') {
    return { reason: `not found in ${source}` };
  }
  const text = String(value).trim();
  if (text === '') return { reason: `empty in ${source}` };
  if ([...text].length > MAX_VALUE_LENGTH) {
    return { reason: `longer than ${MAX_VALUE_LENGTH} characters in ${source}` };
  }
  if (/\p{Cc}/u.test(text)) return { reason: `has control characters in ${source}` };
  return { value: text };
}
