/** A reference to a fact in an option's text: `{cloud.tag.Role}` or `{cloud.tag.Role|web}`. */
export interface Reference {
  readonly fact: string;
  /** The default, which replaces an unavailable fact; undefined if the reference has none. */
  readonly fallback: string | undefined;
}

/** Matches a reference. The name of a tag or variable ends at `|` or `}`. */
const REFERENCE =
  /\{((?:cloud\.tag|env)\.[^|}]*|[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)(?:\|([^}]*))?\}/g;

/**
 * Finds the references in a text, in order. Skips the text after the last closing brace, because a
 * search there would take quadratic time.
 */
export function findReferences(text: string): Reference[] {
  const searched = text.slice(0, endOfReferences(text));
  return [...searched.matchAll(REFERENCE)].map(([, fact = '', fallback]) => ({ fact, fallback }));
}

/** Replaces each reference in a text. Does not expand references in the replacements. */
export function replaceReferences(text: string, toValue: (reference: Reference) => string): string {
  const end = endOfReferences(text);
  const replaced = text
    .slice(0, end)
    .replace(REFERENCE, (_, fact: string, fallback: string | undefined) =>
      toValue({ fact, fallback }),
    );
  return replaced + text.slice(end);
}

function endOfReferences(text: string): number {
  return text.lastIndexOf('}') + 1;
}
