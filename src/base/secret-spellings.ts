/** Named character references of HTML, for characters that a secret may contain. */
const HTML_REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
};

/**
 * The maximum length of a secret for which a pattern is built, in characters. The pattern for a
 * longer secret would be too slow.
 */
const MAX_LENGTH_FOR_PATTERN = 128;

/**
 * Returns the spellings in which an answer may repeat a secret: plain text in any case,
 * hexadecimal, and base64 at any offset. In plain text, each character may be percent-encoded,
 * escaped with a backslash, or an HTML character reference. The secret must consist of visible
 * ASCII characters.
 */
export function spellingsOf(secret: string): (string | RegExp)[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  return [
    secret,
    ...(secret.length > MAX_LENGTH_FOR_PATTERN
      ? [secret.toLowerCase(), secret.toUpperCase(), encodeURIComponent(secret)]
      : [new RegExp([...secret].map(characterPattern).join(''), 'gi')]),
    hex,
    hex.toUpperCase(),
    ...(['base64', 'base64url'] as const).flatMap((form) =>
      [0, 1, 2].map((offset) => encodeBase64At(bytes, offset, form)),
    ),
  ];
}

/**
 * Returns a regular expression for all spellings of one character. Percent-encoding may be
 * repeated.
 */
function characterPattern(character: string): string {
  const code = character.charCodeAt(0);
  const hex = code.toString(16);
  const escaped = character.replace(/[^\w]/, '\\$&');
  const references = [
    HTML_REFERENCES[character] ?? [],
    `&#0{0,5}${code};`,
    `&#x0{0,4}${hex};`,
  ].flat();
  return `(?:\\\\{0,4}${escaped}|%(?:25){0,3}${hex}|\\\\{1,4}(?:u00|x)${hex}|${references.join('|')})`;
}

/**
 * Returns the characters that stand for `bytes` in the base64 text of longer data, in which `bytes`
 * start at `offset`. Omits the characters at both ends that also depend on neighbouring bytes.
 */
function encodeBase64At(bytes: Buffer, offset: number, form: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(form);
  const end = Math.floor(((offset + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((offset * 8) / 6), end);
}
