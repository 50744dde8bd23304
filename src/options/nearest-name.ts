/** In letters; names that begin so are as good as the same. */
const MAX_LENGTH = 64;
const FIRST_ROW = Uint8Array.from({ length: MAX_LENGTH + 1 }, (_, i) => i);

/** The known name that a mistyped one was probably meant to be, if any is close. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const plain = simplify(name);
  if (plain === '') return undefined;
  const most = Math.max(1, Math.floor(plain.length / 4));
  let best: string | undefined;
  let fewest = most + 1;
  for (const candidate of known) {
    const edits = distance(plain, simplify(candidate), fewest);
    if (edits >= fewest) continue;
    [best, fewest] = [candidate, edits];
    if (edits === 0) break;
  }
  return best;
}

/** displayName, display-name and display_name are one name spelled three ways. */
function simplify(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
    .slice(0, MAX_LENGTH);
}

/**
 * How many letters have to be typed, dropped, replaced or swapped with the next to get from one to the
 * other (the optimal string alignment distance). There may be
 * very many names to compare: it stops where it cannot become fewer than `enough`, and gives that.
 */
function distance(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let row = FIRST_ROW.slice(0, b.length + 1);
  let next = new Uint8Array(b.length + 1);
  let before = new Uint8Array(b.length + 1);
  for (let i = 0; i < a.length; i++) {
    const letter = a.charCodeAt(i);
    let [left, least] = [i + 1, i + 1];
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
        left = Math.min(left, (before[j - 1] ?? 0) + 1);
      next[j + 1] = left;
      if (left < least) least = left;
    }
    if (least >= enough) return enough;
    [before, row, next] = [row, next, before];
  }
  return row[b.length] ?? 0;
}
