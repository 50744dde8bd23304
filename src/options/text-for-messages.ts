import { existsSync } from 'node:fs';
import { truncate } from '../base/printable.ts';

const MASK = '********';
/** The number of characters that are checked for secrets. A quoted path is cut to this length. */
const MAX_LENGTH = 200;

/** Matches a long word without punctuation. Does not match an id with up to three extra digits. */
const UNBROKEN_WORD = /[A-Za-z0-9]{28}/;
const LONG_WORD = /[\w+/.~-]{28,}/g;
/** Matches a change between letter and digit, or from lower to upper case. */
const CHARACTER_CLASS_CHANGE = /\d(?=[A-Za-z])|[A-Za-z](?=\d)|[a-z](?=[A-Z])/g;
/**
 * A word in which the character class changes at least this often counts as a key. About 99 of 100
 * random words of 28 characters have that many changes.
 */
const MIN_CHARACTER_CLASS_CHANGES = 5;

/** Returns a name, masked if it looks like a key or a token. */
export function maskIfSecret(name: string): string {
  return looksSecret(name) ? MASK : name;
}

/** Prepares a name for a message: masks it if it looks like a key or a token. */
export function nameForMessage(name: string): string {
  return truncate(maskIfSecret(name));
}

/** Prepares a text for a message: cuts it at the first `=` or `:`, because a secret may follow. */
export function keyForMessage(text: string): string {
  const end = text.search(/[=:]/);
  return end < 0 ? nameForMessage(text) : `${nameForMessage(text.slice(0, end))}…`;
}

/** Matches a typical name of a JSON file or a certificate file. */
const FILE_NAME = /^[\w.-]{1,60}\.(?:json|pem|crt|cer)$/i;

/**
 * Returns a path, shortened for a message. Returns undefined if the text is not a path, or may be a
 * secret that was given in place of a path. A text counts as a path if the file or its directory
 * exists, or if it looks like a file name.
 */
export function pathForMessage(path: string): string | undefined {
  const nameStart = path.lastIndexOf('/') + 1;
  const isPath =
    FILE_NAME.test(path) ||
    existsSync(path) ||
    (nameStart > 0 && existsSync(path.slice(0, nameStart)));
  return isPath && !looksSecret(path.slice(nameStart)) ? truncate(path, MAX_LENGTH) : undefined;
}

/**
 * Returns whether a text contains a long word that looks like a key: without punctuation, or with a
 * random mix of letters and digits.
 */
function looksSecret(text: string): boolean {
  const start = text.slice(0, MAX_LENGTH);
  const words = start.match(LONG_WORD) ?? [];
  return (
    UNBROKEN_WORD.test(start) ||
    words.some(
      (word) => (word.match(CHARACTER_CLASS_CHANGE)?.length ?? 0) >= MIN_CHARACTER_CLASS_CHANGES,
    )
  );
}
