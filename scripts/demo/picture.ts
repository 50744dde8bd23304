import { text } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';

// Draws the demo's terminal from a real run, shortened to the essential lines:
//   npm run --silent demo | npx tsx scripts/demo/picture.ts > scripts/demo/terminal.svg

const LINE_HEIGHT = 17;

const lines = stripVTControlCharacters(await text(process.stdin))
  .split('\n')
  .filter((line) => {
    // Keeps only the diff and the counts of Ansible's output.
    const isCount = /^ {3}\| localhost.*ok=/.test(line);
    const isDifference = /^ {3}\| [-+] {4}/.test(line);
    return isHeading(line) || isSummary(line) || isCount || isDifference;
  });
const height = (lines.length + 3) * LINE_HEIGHT;
const rows = lines.map(
  (line, i) =>
    `<text x="14" y="${(i + 2) * LINE_HEIGHT}"${styleOf(line)}>${escapeXml(line)}</text>`,
);

console.log(`<svg xmlns="http://www.w3.org/2000/svg" width="800" height="${height}" font-family="ui-monospace,Menlo,Consolas,monospace" font-size="12.5" fill="#d0d7de" xml:space="preserve"><title>What npm run demo prints, shortened</title><style>text{white-space:pre}</style><rect width="800" height="${height}" rx="8" fill="#1b1f24"/>
<text x="14" y="${LINE_HEIGHT}" fill="#8b949e">$ npm run demo</text>
${rows.join('\n')}
</svg>`);

/** Returns whether a line is a step's summary: indented, and not quoted from another program. */
function isSummary(line: string): boolean {
  return /^ {3}[A-Z]/.test(line);
}

function isHeading(line: string): boolean {
  return /^(\d+\. |All went)/.test(line);
}

function styleOf(line: string): string {
  if (isHeading(line)) return ' font-weight="bold" fill="#fff"';
  if (/^ {3}\| \+/.test(line)) return ' fill="#7ee787"';
  if (/^ {3}\| -/.test(line)) return ' fill="#ffa198"';
  return isSummary(line) ? ' fill="#79c0ff"' : '';
}

function escapeXml(line: string): string {
  return line.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
