const WHITESPACE = /[\s\x85]+/g;
const LINE_BREAK = /[\t-\r\x85\u2028\u2029]/;

/**
 * Characters that a terminal obeys, or that change or hide what is read: control characters, marks
 * of writing direction, characters without width, halves of surrogate pairs.
 */
const HIDDEN = new RegExp(
  [
    '[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f]',
    '[\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufeff\\uffa0\\ufff0-\\ufffb]',
    '\\udb40[\\udc00-\\udfff]',
    '[\\ud800-\\udbff](?![\\udc00-\\udfff])',
    '(?<![\\ud800-\\udbff])[\\udc00-\\udfff]',
  ].join('|'),
  'g',
);

/** Replaces characters that are not seen by JSON's escapes, `\u202e`. Tabs and line breaks stay. */
export function escapeHidden(text: string): string {
  return text.replace(HIDDEN, (hidden) =>
    hidden
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Returns a text as a message may hold it: on one line, with nothing in it that is not seen. */
export function toPrintable(text: string): string {
  return escapeHidden(
    text.replace(WHITESPACE, (blanks) => (LINE_BREAK.test(blanks) ? ' ' : blanks)),
  );
}

/** In characters. */
const MAX_QUOTE = 60;

/** Returns at most that many characters of a text. */
export function truncate(text: string, most = MAX_QUOTE): string {
  const characters = [...text.slice(0, 2 * most + 2)];
  return characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
}

/** Returns a number of things in words: `1 file`, `2 files`. */
export function countOf(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
