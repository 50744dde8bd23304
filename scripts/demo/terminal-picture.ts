const LINE_HEIGHT = 17;
const CHARACTER_WIDTH = 7.53;

/** The SVG attributes for each ANSI code that modules print. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight="bold" fill="#fff"',
  2: 'fill="#8b949e"',
  31: 'fill="#ffa198"',
  32: 'fill="#7ee787"',
  33: 'fill="#e3b341"',
  36: 'fill="#79c0ff"',
};

/** Returns an SVG of a terminal with a command and its output in colour. */
export function terminalPicture(command: string, output: string, columns: number): string {
  const lines = [`\x1b[2m$ ${command}\x1b[0m`, ...output.trimEnd().split('\n')];
  const [width, height] = [
    Math.ceil(columns * CHARACTER_WIDTH) + 28,
    (lines.length + 1) * LINE_HEIGHT,
  ];
  const rows = lines.map(
    (line, i) => `<text x="14" y="${(i + 1) * LINE_HEIGHT + 4}">${toSpans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="12.5" fill="#d0d7de" xml:space="preserve"><title>What ${escapeXml(command)} prints</title><style>text{white-space:pre}</style><rect width="${width}" height="${height}" rx="8" fill="#1b1f24"/>
${rows.join('\n')}
</svg>
`;
}

/** Converts a line with ANSI colours to SVG. Colours are never nested. */
function toSpans(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape character starts each colour.
  const parts = line.split(/\x1b\[(\d+)m(.*?)\x1b\[0m/);
  return parts
    .map((part, i) => {
      if (i % 3 === 0) return escapeXml(part);
      return i % 3 === 1 ? `<tspan ${STYLES[part] ?? ''}>` : `${escapeXml(part)}</tspan>`;
    })
    .join('');
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
