/** Converts Ansible's markup to roff: `C(x)` and `M(x)` in bold, `I(x)` in italics. */
export function roffText(marked: string): string {
  const text = marked
    .split(/(\bL\([^,)]+, *[^)]+\)|\b[BCIMU]\([^)]*\))/)
    .map((part, index) => (index % 2 === 0 ? escaped(part) : mark(part)))
    .join('');
  return protectedStart(text);
}

/** Formats code verbatim, as a separate block. */
export function roffCode(code: string): string {
  const lines = code
    .trimEnd()
    .split('\n')
    .map((line) => protectedStart(roffWord(line)));
  return `.RS 4\n.nf\n${lines.join('\n')}\n.fi\n.RE`;
}

/** Escapes a word of code, so that its quotes and hyphens do not become typographic ones. */
export function roffWord(word: string): string {
  return escaped(word)
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}

function mark(part: string): string {
  const letter = part.charAt(0);
  const inside = part.slice(2, -1);
  if (letter === 'I') return `\\fI${roffWord(inside)}\\fR`;
  if (letter === 'U') return roffWord(inside);
  if (letter === 'L') {
    const [text = '', ...url] = inside.split(',');
    return `${escaped(text)} (${roffWord(url.join(',').trim())})`;
  }
  // A module's full name in Ansible ends with the name of its manual page.
  if (letter === 'M') return `\\fB${roffWord(inside.split('.').at(-1) ?? '')}\\fR(8)`;
  return `\\fB${roffWord(inside)}\\fR`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\e');
}

/** Protects a line that starts with a dot or a quote, which roff would run as a command. */
function protectedStart(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
