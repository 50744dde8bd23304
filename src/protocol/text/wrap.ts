/** Characters that take two columns: those of East Asian scripts, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
/** Characters that take no column of their own. */
const COMBINING = /\p{M}/u;

/** Returns the number of columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!COMBINING.test(character)) width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

/** Returns a text with blanks appended, so that it takes at least `columns` columns. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** What lines start with: the first one, and those after it. */
interface Margins {
  readonly first?: string;
  readonly rest?: string;
}

/** Breaks a text between words into lines of at most `columns` columns, as far as its words allow. */
export function wrap(
  text: string,
  columns: number,
  { first = '', rest = '' }: Margins = {},
): string[] {
  const [start = '', ...words] = text.split(' ');
  const lines: string[] = [];
  let line = first + start;
  for (const word of words) {
    if (widthOf(line) + 1 + widthOf(word) <= columns) {
      line += ` ${word}`;
    } else {
      lines.push(line);
      line = rest + word;
    }
  }
  return [...lines, line];
}

/** A cell with fewer columns continues further left. */
const MIN_COLUMNS = 24;

/**
 * Returns rows as lines with aligned columns. Columns that are empty in every row are left out. The last
 * cell of a row continues below itself, or further left if that leaves little space.
 */
export function table(rows: readonly (readonly string[])[], columns: number): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(...rows.map((row) => widthOf(row[i] ?? ''))),
  );
  return rows.flatMap((row) => {
    const last = row.findLastIndex((cell) => cell !== '');
    const first = widths
      .slice(0, Math.max(last, 0))
      .flatMap((width, i) => (width === 0 ? [] : [`${pad(row[i] ?? '', width)}  `]))
      .join('');
    const start = widthOf(first);
    const indent = columns - start < MIN_COLUMNS ? Math.min(start, columns >> 1) : start;
    const rest = ' '.repeat(indent);
    return wrap(row[last] ?? '', columns, { first, rest }).map((line) => line.trimEnd());
  });
}
