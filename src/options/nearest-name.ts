/** The number of letters that are compared. Differences after them are ignored. */
const MAX_COMPARED_LENGTH = 64;
const FIRST_ROW = Uint8Array.from({ length: MAX_COMPARED_LENGTH + 1 }, (_, i) => i);

/** The maximum number of suggestions in a message. More would take too long to compute. */
export const MAX_SUGGESTIONS = 20;

/**
 * Returns the known name that is closest to a mistyped name; undefined if no known name is close.
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const simplified = simplify(name);
  if (simplified === '') return undefined;
  const maxEdits = simplified.length < 5 ? 1 : Math.max(2, Math.floor(simplified.length / 4));
  let nearest: string | undefined;
  let fewestEdits = maxEdits + 1;
  for (const candidate of known) {
    const edits = editDistance(simplified, simplify(candidate), fewestEdits);
    if (edits >= fewestEdits) continue;
    [nearest, fewestEdits] = [candidate, edits];
    if (edits === 0) break;
  }
  return nearest;
}

/**
 * Returns the `nearestName` of each of the first `MAX_SUGGESTIONS` names, and undefined for the
 * rest.
 */
export function nearestNames(
  names: readonly string[],
  known: readonly string[],
): (string | undefined)[] {
  return names.map((name, i) => (i < MAX_SUGGESTIONS ? nearestName(name, known) : undefined));
}

/** Removes case and punctuation, so that displayName and display_name become equal. */
function simplify(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
    .slice(0, MAX_COMPARED_LENGTH);
}

/**
 * Returns the optimal string alignment distance: the number of insertions, deletions, replacements
 * and swaps of adjacent letters. Stops and returns `limit` once the distance cannot be less than
 * `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let row = FIRST_ROW.slice(0, b.length + 1);
  let next = new Uint8Array(b.length + 1);
  let previous = new Uint8Array(b.length + 1);
  for (let i = 0; i < a.length; i++) {
    const letter = a.charCodeAt(i);
    let [left, rowMinimum] = [i + 1, i + 1];
    next[0] = left;
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (letter === b.charCodeAt(j) ? 0 : 1);
      left = Math.min(replaced, (row[j + 1] ?? 0) + 1, left + 1);
      if (
        i > 0 &&
        j > 0 &&
        letter === b.charCodeAt(j - 1) &&
        a.charCodeAt(i - 1) === b.charCodeAt(j)
      )
        left = Math.min(left, (previous[j - 1] ?? 0) + 1);
      next[j + 1] = left;
      if (left < rowMinimum) rowMinimum = left;
    }
    if (rowMinimum >= limit) return limit;
    [previous, row, next] = [row, next, previous];
  }
  return row[b.length] ?? 0;
}
