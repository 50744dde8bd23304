/** A text with every secret in it hidden. */
export function conceal(text: string, secrets: Iterable<string>): string {
  let concealed = text;
  for (const secret of secrets) concealed = concealed.replaceAll(secret, '********');
  return concealed;
}
