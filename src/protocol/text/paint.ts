const STYLE_CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

/** A colour or style of text on a terminal. */
export type Colour = keyof typeof STYLE_CODES;

/** Adds a colour or style to a text if `isColoured` is true. */
export function paint(text: string, colour: Colour, isColoured: boolean): string {
  return isColoured ? `\x1b[${STYLE_CODES[colour]}m${text}\x1b[0m` : text;
}
