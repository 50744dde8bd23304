/** A fact's value, or the reason why there is none (a phrase: `not found in os-release`). */
export type Fact = { readonly value: string } | { readonly reason: string };

/** The facts that have fixed names. */
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

/** The prefix of a tag's fact; the tag's name follows. */
export const TAG = 'cloud.tag.';

/** The prefix of an environment variable's fact; the variable's name follows. */
export const ENVIRONMENT = 'env.';

/** Returns the name of the tag that a fact is about; undefined when it is about something else. */
export function tagOf(fact: string): string | undefined {
  return fact.startsWith(TAG) ? fact.slice(TAG.length) : undefined;
}

/** Returns whether a fact of this name exists, on this host or another one. */
export function isKnownFact(name: string): boolean {
  return (
    FACT_NAMES.some((known) => known === name) ||
    [TAG, ENVIRONMENT].some((prefix) => name.startsWith(prefix) && name !== prefix)
  );
}

/** JumpCloud's limit for an attribute's value, in characters (code points). */
const MAX_LENGTH = 1024;

/** Returns a source's value as a fact: trimmed, and only if it is plain text of limited length. */
export function toFact(value: unknown, source: string): Fact {
  if (typeof value !== 'string' && typeof value !== 'number') {
    return { reason: `not found in ${source}` };
  }
  const text = String(value).trim();
  if (text === '') return { reason: `empty in ${source}` };
  if ([...text].length > MAX_LENGTH) {
    return { reason: `longer than ${MAX_LENGTH} characters in ${source}` };
  }
  if (/\p{Cc}/u.test(text)) return { reason: `has control characters in ${source}` };
  return { value: text };
}
