/**
 * Returns a text with every secret masked. A secret that is a regular expression needs the flag
 * `g`.
 */
export function maskSecrets(text: string, secrets: Iterable<string | RegExp>): string {
  let concealed = text;
  for (const secret of secrets) concealed = concealed.replaceAll(secret, '********');
  return concealed;
}
