const WHITESPACE = /[\s\x85]+/g;
const LINE_BREAK_OR_TAB = /[\t-\r\x85\u2028\u2029]/;

/**
 * Characters that control a terminal or are invisible: control characters, direction marks,
 * zero-width characters and lone surrogates.
 */
const INVISIBLE_CHARACTERS = new RegExp(
  [
    '[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f]',
    '[\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb]',
    '\\udb40[\\udc00-\\udfff]',
    '[\\ud800-\\udbff](?![\\udc00-\\udfff])',
    '(?<![\\ud800-\\udbff])[\\udc00-\\udfff]',
  ].join('|'),
  'g',
);

/** Replaces invisible characters with JSON escapes such as `\u202e`. Keeps tabs and line breaks. */
export function escapeInvisible(text: string): string {
  return text.replace(INVISIBLE_CHARACTERS, (characters) =>
    characters
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Converts a text to the form for messages: one line, with invisible characters escaped. */
export function toPrintable(text: string): string {
  return escapeInvisible(
    text.replace(WHITESPACE, (blanks) => (LINE_BREAK_OR_TAB.test(blanks) ? ' ' : blanks)),
  );
}

/** The default maximum length of a quoted text, in characters. */
const MAX_QUOTE_LENGTH = 60;

/** Cuts a text to at most `maxLength` characters, and marks the cut with `…`. */
export function truncate(text: string, maxLength = MAX_QUOTE_LENGTH): string {
  const characters = [...text.slice(0, 2 * maxLength + 2)];
  return characters.length > maxLength ? `${characters.slice(0, maxLength).join('')}…` : text;
}

/** Returns a count with its noun: `1 file`, `2 files`. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
