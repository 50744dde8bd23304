const MAX_COLUMNS = 80;

/** Removes Ansible's markup: `C(x)` becomes `x`, and `L(text,url)` becomes `text (url)`. */
export function plainText(marked: string): string {
  return marked
    .replace(/\bL\(([^,)]+), *([^)]+)\)/g, '$1 ($2)')
    .replace(/\b[BCIMU]\(([^)]*)\)/g, '$1');
}

/** Removes the markup, and wraps the text to 80 columns including the indent. */
export function wrap(marked: string, indent = 0): string {
  const margin = ' '.repeat(indent);
  const lines: string[] = [];
  let line = '';
  for (const word of plainText(marked).split(/\s+/)) {
    if (line && indent + line.length + 1 + word.length > MAX_COLUMNS) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line].map((text) => margin + text).join('\n');
}
