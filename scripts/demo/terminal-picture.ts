const LINE = 17;
const CHARACTER = 7.53;

/** The colours of the codes that modules print. */
const STYLES: Readonly<Record<string, string>> = {
  1: 'font-weight="bold" fill="#fff"',
  2: 'fill="#8b949e"',
  31: 'fill="#ffa198"',
  32: 'fill="#7ee787"',
  33: 'fill="#e3b341"',
  36: 'fill="#79c0ff"',
};

/** Returns an SVG of a terminal with a command and its output, whose ANSI colours are kept. */
export function terminalPicture(command: string, output: string, columns: number): string {
  const lines = [`\x1b[2m$ ${command}\x1b[0m`, ...output.trimEnd().split('\n')];
  const [width, height] = [Math.ceil(columns * CHARACTER) + 28, (lines.length + 1) * LINE];
  const rows = lines.map(
    (line, i) => `<text x="14" y="${(i + 1) * LINE + 4}">${toSpans(line)}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="12.5" fill="#d0d7de" xml:space="preserve"><title>What ${asXml(command)} prints</title><rect width="${width}" height="${height}" rx="8" fill="#1b1f24"/>
${rows.join('\n')}
</svg>
`;
}

/** Converts the colours of a line. Each colour ends before the next one starts. */
function toSpans(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the start of each colour.
  const parts = line.split(/\x1b\[(\d+)m(.*?)\x1b\[0m/);
  return parts
    .map((part, i) => {
      if (i % 3 === 0) return asXml(part);
      return i % 3 === 1 ? `<tspan ${STYLES[part] ?? ''}>` : `${asXml(part)}</tspan>`;
    })
    .join('');
}

function asXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
