const width = 80;

/** Ansible's documentation markup as plain text: `C(x)` is x, `U(url)` the URL, `L(text,url)` both. */
export function plainText(marked: string): string {
  return marked
    .replace(/\bL\(([^,)]+), *([^)]+)\)/g, '$1 ($2)')
    .replace(/\b[BCIMU]\(([^)]*)\)/g, '$1');
}

/** Plain text broken at blanks to fit 80 columns behind an indent of that many blanks. */
export function wrap(marked: string, indent = 0): string {
  const margin = ' '.repeat(indent);
  const lines: string[] = [];
  let line = '';
  for (const word of plainText(marked).split(/\s+/)) {
    if (line && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line].map((text) => margin + text).join('\n');
}
