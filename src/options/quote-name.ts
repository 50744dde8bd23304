import { existsSync } from 'node:fs';
import { truncate } from '../base/printable.ts';

const MASK = '********';
/** What is looked at of a text, and quoted of a path, in characters. */
const MAX_LENGTH = 200;

/** Longer than an id, so that one with a digit too many is still quoted. */
const UNBROKEN = /[A-Za-z0-9]{28}/;
const LONG_WORD = /[\w+/.~-]{28,}/g;
/** From letter to digit or back, and from lower to upper case. */
const CHANGE = /\d(?=[A-Za-z])|[A-Za-z](?=\d)|[a-z](?=[A-Z])/g;
/** A random word of that length has more, all but one in a hundred. */
const MIN_CHANGES = 5;

/** Returns a name as a message quotes it: what looks like a key or a token is masked. */
export function quoteName(name: string): string {
  return looksSecret(name) ? MASK : truncate(name);
}

/** Returns text as a message quotes it up to a `=` or `:`: a secret may stand behind it. */
export function quoteKey(text: string): string {
  const end = text.search(/[=:]/);
  return end < 0 ? quoteName(text) : `${quoteName(text.slice(0, end))}…`;
}

/** A file's name as users choose them. */
const FILE_NAME = /^[\w.-]{1,60}\.(?:json|pem|crt|cer)$/i;

/**
 * Returns a path as a message quotes it; undefined unless it leads to something, at least to a
 * directory, or is named like a file: text in the place of a path may be a secret.
 */
export function quotePath(path: string): string | undefined {
  const name = path.lastIndexOf('/') + 1;
  const isPath =
    FILE_NAME.test(path) || existsSync(path) || (name > 0 && existsSync(path.slice(0, name)));
  return isPath && !looksSecret(path.slice(name)) ? truncate(path, MAX_LENGTH) : undefined;
}

/** Whether a text has a long word without signs, or of letters and digits in no order, as keys have. */
function looksSecret(text: string): boolean {
  const start = text.slice(0, MAX_LENGTH);
  const words = start.match(LONG_WORD) ?? [];
  return (
    UNBROKEN.test(start) || words.some((word) => (word.match(CHANGE)?.length ?? 0) >= MIN_CHANGES)
  );
}
