/** A reference to a fact in an option's text: `{cloud.tag.Role}` or `{cloud.tag.Role|web}`. */
export interface Reference {
  readonly fact: string;
  /** Used when the fact is unavailable; undefined when the reference gives no default. */
  readonly fallback: string | undefined;
}

/** Names of tags and variables may hold anything but `|` and `}`. */
const REFERENCE =
  /\{((?:cloud\.tag|env)\.[^|}]+|[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)(?:\|([^}]*))?\}/g;

/** Returns the references of a text, in order. Other braces are plain text. */
export function findReferences(text: string): Reference[] {
  return [...text.matchAll(REFERENCE)].map(([, fact = '', fallback]) => ({ fact, fallback }));
}

/** Returns a text with each reference replaced, once: a value is never expanded again. */
export function replaceReferences(text: string, toValue: (reference: Reference) => string): string {
  return text.replace(REFERENCE, (_, fact: string, fallback: string | undefined) =>
    toValue({ fact, fallback }),
  );
}
