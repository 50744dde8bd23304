/** Characters that take two columns: East Asian scripts and emoji. */
const WIDE_CHARACTER =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
/** Characters that take no column of their own. */
const COMBINING_MARK = /\p{M}/u;

/** Returns the number of columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) {
    if (!COMBINING_MARK.test(character)) width += WIDE_CHARACTER.test(character) ? 2 : 1;
  }
  return width;
}

/** Pads a text with blanks to at least `columns` columns. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** The text at the start of the first line (`first`) and of each further line (`rest`). */
interface Margins {
  readonly first?: string;
  readonly rest?: string;
}

/** Breaks a text into lines of at most `columns` columns. A longer word gets a line of its own. */
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

/**
 * If fewer columns than this are left for the last cell, its second and later lines may be indented
 * less.
 */
const MIN_LAST_CELL_WIDTH = 24;

/**
 * Renders rows as lines with aligned cells. Omits table columns that are empty in every row. Wraps
 * the last cell of a row so that the lines fit in `columns` terminal columns, and indents its
 * second and later lines to the start of the cell if the space allows.
 */
export function renderTable(rows: readonly (readonly string[])[], columns: number): string[] {
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
    const indent = columns - start < MIN_LAST_CELL_WIDTH ? Math.min(start, columns >> 1) : start;
    const rest = ' '.repeat(indent);
    return wrap(row[last] ?? '', columns, { first, rest }).map((line) => line.trimEnd());
  });
}
