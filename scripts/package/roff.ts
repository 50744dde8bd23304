/** Converts Ansible's markup to roff: `C(x)` and `M(x)` in bold, `I(x)` in italics. */
export function roffText(marked: string): string {
  const text = marked
    .split(/(\bL\([^,)]+, *[^)]+\)|\b[BCIMU]\([^)]*\))/)
    .map((part, index) => (index % 2 === 0 ? escapeBackslashes(part) : convertMarkup(part)))
    .join('');
  return protectStart(text);
}

/** Formats code verbatim, as a separate block. */
export function roffCode(code: string): string {
  const lines = code
    .trimEnd()
    .split('\n')
    .map((line) => protectStart(roffWord(line)));
  return `.RS 4\n.nf\n${lines.join('\n')}\n.fi\n.RE`;
}

/**
 * Escapes code, so that roff does not replace its quotes and hyphens with typographic characters.
 */
export function roffWord(word: string): string {
  return escapeBackslashes(word)
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
}

function convertMarkup(part: string): string {
  const letter = part.charAt(0);
  const inside = part.slice(2, -1);
  if (letter === 'I') return `\\fI${roffWord(inside)}\\fR`;
  if (letter === 'U') return roffWord(inside);
  if (letter === 'L') {
    const [text = '', ...url] = inside.split(',');
    return `${escapeBackslashes(text)} (${roffWord(url.join(',').trim())})`;
  }
  // A module's full name in Ansible ends with the name of its manual page.
  if (letter === 'M') return `\\fB${roffWord(inside.split('.').at(-1) ?? '')}\\fR(8)`;
  return `\\fB${roffWord(inside)}\\fR`;
}

function escapeBackslashes(text: string): string {
  return text.replaceAll('\\', '\\e');
}

/** Protects a line that starts with a dot or a quote. roff would run it as a command. */
function protectStart(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
