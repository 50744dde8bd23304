/** Named character references of HTML, for characters that a secret may contain. */
const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
};

/** In characters. The pattern of a longer secret would take too long to match. */
const MAX_PATTERN = 128;

/**
 * Returns the spellings in which an answer may echo a secret of visible ASCII characters: unchanged
 * or in another case, hexadecimal, and base64 at any offset in a longer text. Each character may be
 * percent-encoded, escaped with a backslash, or a character reference of HTML.
 */
export function spellingsOf(secret: string): (string | RegExp)[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  return [
    secret,
    ...(secret.length > MAX_PATTERN
      ? [secret.toLowerCase(), secret.toUpperCase(), encodeURIComponent(secret)]
      : [new RegExp([...secret].map(characterPattern).join(''), 'gi')]),
    hex,
    hex.toUpperCase(),
    ...(['base64', 'base64url'] as const).flatMap((form) =>
      [0, 1, 2].map((offset) => inBase64(bytes, offset, form)),
    ),
  ];
}

/** Returns a pattern of the ways to write a character. Percent-encoding may be applied repeatedly. */
function characterPattern(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  const escaped = character.replace(/[^\w]/, '\\$&');
  const references = [NAMED[character] ?? [], `&#0{0,5}${code};`, `&#x0{0,4}${hex};`].flat();
  return `(?:\\\\{0,4}${escaped}|%(?:25){0,3}${hex}|\\\\{1,4}(?:u00|x)${hex}|${references.join('|')})`;
}

/**
 * Returns the base64 letters that depend on these bytes alone. Three bytes become four letters, so
 * the first and last letter may also encode bits of neighbouring bytes.
 */
function inBase64(bytes: Buffer, offset: number, form: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(form);
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((offset * 8) / 6), whole);
}
