import type { BuiltModule } from './build-all.ts';

/** The number of packages or directories that the table names for each module. */
const PART_COUNT = 5;

/**
 * Returns a text table of the executables: their sizes, and the largest npm packages and
 * directories in them.
 */
export function sizeTable(modules: readonly BuiltModule[]): string {
  const widest = Math.max(...modules.map(({ name }) => name.length));
  return modules
    .map(({ name, bytes, metafile }) => {
      const largest = listParts(metafile)
        .slice(0, PART_COUNT)
        .map(([part, size]) => `${part} ${size}`);
      return `${name.padEnd(widest)}  ${String(bytes).padStart(7)} bytes  (${largest.join(', ')})`;
    })
    .join('\n');
}

/** Returns the bytes that each npm package or project directory contributes, largest first. */
function listParts(metafile: BuiltModule['metafile']): [part: string, bytes: number][] {
  const bytes = new Map<string, number>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
      const part = findPart(file);
      bytes.set(part, (bytes.get(part) ?? 0) + bytesInOutput);
    }
  }
  return [...bytes].sort(([, one], [, other]) => other - one);
}

/**
 * Returns the npm package or the project directory of a file. undici's HTTP parser counts as a
 * package of its own, because it is the largest file.
 */
function findPart(file: string): string {
  if (file.includes('/llhttp/')) return 'undici/llhttp';
  return /node_modules\/([^/]+)\//.exec(file)?.[1] ?? file.split('/').slice(0, 2).join('/');
}
