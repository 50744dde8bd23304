/** Returns a text in which every secret is masked. */
export function conceal(text: string, secrets: Iterable<string>): string {
  let concealed = text;
  for (const secret of secrets) concealed = concealed.replaceAll(secret, '********');
  return concealed;
}

/**
 * Returns the encodings in which an answer may echo a secret: unchanged, in lower or upper case,
 * percent-encoded, hexadecimal, and base64 at any offset in a longer text.
 */
export function encodingsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret);
  const percent = bytes.toString('hex').replace(/../g, '%$&');
  const plain = [secret, encodeURIComponent(secret), percent, bytes.toString('hex')];
  return new Set([
    ...plain.flatMap((encoded) => [encoded, encoded.toLowerCase(), encoded.toUpperCase()]),
    ...(['base64', 'base64url'] as const).flatMap((form) =>
      [0, 1, 2].map((offset) => inBase64(bytes, offset, form)),
    ),
  ]);
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
