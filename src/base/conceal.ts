/** A text with every secret in it hidden. */
export function conceal(text: string, secrets: Iterable<string>): string {
  let concealed = text;
  for (const secret of secrets) concealed = concealed.replaceAll(secret, '********');
  return concealed;
}

/**
 * Returns the spellings of a secret in which an answer may echo it: as it is, in one case, in percent or
 * hexadecimal form, and in base64 at any offset in a longer text.
 */
export function encodingsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret);
  const percent = bytes.toString('hex').replace(/../g, '%$&');
  const plain = [secret, encodeURIComponent(secret), percent, bytes.toString('hex')];
  return new Set([
    ...plain.flatMap((spelling) => [spelling, spelling.toLowerCase(), spelling.toUpperCase()]),
    ...(['base64', 'base64url'] as const).flatMap((form) =>
      [0, 1, 2].map((offset) => inBase64(bytes, offset, form)),
    ),
  ]);
}

/** Three bytes are four letters; the first and last letters may also hold bits of what is beside. */
function inBase64(bytes: Buffer, offset: number, form: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(form);
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((offset * 8) / 6), whole);
}
