/** A reference to a fact in an option's text: `{cloud.tag.Role}` or `{cloud.tag.Role|web}`. */
export interface Reference {
  readonly fact: string;
  /** Replaces a fact that is not available; undefined when the reference has no default. */
  readonly fallback: string | undefined;
}

/** The name of a tag or variable is everything up to `|` or `}`. */
const REFERENCE =
  /\{((?:cloud\.tag|env)\.[^|}]*|[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)(?:\|([^}]*))?\}/g;

/**
 * Returns the references of a text, in order. Other braces are plain text. Does not search text
 * after the last closing brace, because that would take quadratic time.
 */
export function findReferences(text: string): Reference[] {
  const searched = text.slice(0, endOf(text));
  return [...searched.matchAll(REFERENCE)].map(([, fact = '', fallback]) => ({ fact, fallback }));
}

/** Returns a text with each reference replaced. References in a replacement stay as they are. */
export function replaceReferences(text: string, toValue: (reference: Reference) => string): string {
  const end = endOf(text);
  const replaced = text
    .slice(0, end)
    .replace(REFERENCE, (_, fact: string, fallback: string | undefined) =>
      toValue({ fact, fallback }),
    );
  return replaced + text.slice(end);
}

function endOf(text: string): number {
  return text.lastIndexOf('}') + 1;
}
