/** Returns a text in which every secret is masked. A pattern needs the flag g. */
export function conceal(text: string, secrets: Iterable<string | RegExp>): string {
  let concealed = text;
  for (const secret of secrets) concealed = concealed.replaceAll(secret, '********');
  return concealed;
}
