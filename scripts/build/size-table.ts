import type { BuiltModule } from './build-all.ts';

/** How many contributors the table names for each module. */
const contributorsShown = 5;

/** A text table for a person: each executable, its bytes, and what takes most of them. */
export function sizeTable(modules: readonly BuiltModule[]): string {
  const widest = Math.max(...modules.map(({ name }) => name.length));
  return modules
    .map(({ name, bytes, metafile }) => {
      const largest = contributors(metafile)
        .slice(0, contributorsShown)
        .map(([part, size]) => `${part} ${size}`);
      return `${name.padEnd(widest)}  ${String(bytes).padStart(7)} bytes  (${largest.join(', ')})`;
    })
    .join('\n');
}

/** Bytes by package, or by folder of this project, largest first. */
function contributors(metafile: BuiltModule['metafile']): [part: string, bytes: number][] {
  const bytes = new Map<string, number>();
  for (const output of Object.values(metafile.outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(output.inputs)) {
      const part = partOf(file);
      bytes.set(part, (bytes.get(part) ?? 0) + bytesInOutput);
    }
  }
  return [...bytes].sort(([, one], [, other]) => other - one);
}

/** undici's HTTP parser is told apart: it is by far the largest single file. */
function partOf(file: string): string {
  if (file.includes('/llhttp/')) return 'undici/llhttp';
  return /node_modules\/([^/]+)\//.exec(file)?.[1] ?? file.split('/').slice(0, 2).join('/');
}
