import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Plugin, PluginBuild } from 'esbuild';

/** A file, by the end of its path, that has other contents in a bundle. */
interface Substitution {
  readonly file: string;
  readonly contents: () => string;
}

/** One of Node's own parts, as undici imports it. */
interface StandIn {
  readonly part: string;
  readonly contents: () => string;
  /** How a file would use what the stand-in does not have. */
  readonly lacks: RegExp;
}

/** An import without a name, of one of Node's own parts, that a file makes to have it loaded. */
interface Kept {
  readonly keep: string;
  readonly in: string;
}

/** One change to what goes into a bundle. */
export type Edit = Substitution | StandIn | Kept;

/** Applies edits to a bundle. One that finds nothing to edit fails the build: it says what is not true any more. */
export function applyEdits(name: string, edits: readonly Edit[]): Plugin {
  return {
    name,
    setup(build) {
      const idle = new Set(edits);
      for (const edit of edits) apply(build, edit, () => idle.delete(edit));
      build.onEnd(() => ({
        errors: [...idle].map((edit) => ({ text: `${told(edit)} ${ADVICE}` })),
      }));
    },
  };
}

const ADVICE = 'See what took its place, and mend its edit or drop it.';

function told(edit: Edit): string {
  if ('keep' in edit) return `${edit.in} does not import '${edit.keep}' any more.`;
  return 'part' in edit
    ? `undici does not import ${edit.part} any more.`
    : `Nothing imports ${edit.file} any more.`;
}

function apply({ onResolve, onLoad }: PluginBuild, edit: Edit, seen: () => void): void {
  if ('keep' in edit) {
    onResolve({ filter: exactly(edit.keep) }, ({ path, importer }) => {
      if (!importer.endsWith(`/${edit.in}`)) return null;
      seen();
      return { path, external: true, sideEffects: true };
    });
  } else if ('part' in edit) {
    onResolve({ filter: exactly(edit.part) }, async ({ path, importer }) => {
      if (!importer.includes('/undici/')) return null;
      seen();
      const [call] = edit.lacks.exec(await readFile(importer, 'utf8')) ?? [];
      if (call === undefined) return { path, namespace: 'stand-in' };
      return {
        errors: [{ text: `The stand-in for ${path} has no ${call}, which ${importer} uses.` }],
      };
    });
    onLoad({ filter: exactly(edit.part), namespace: 'stand-in' }, () => ({
      contents: edit.contents(),
    }));
  } else {
    onLoad({ filter: new RegExp(`/${escaped(edit.file)}$`) }, ({ path }) => {
      seen();
      return { contents: edit.contents(), loader: extname(path) === '.ts' ? 'ts' : 'js' };
    });
  }
}

function exactly(text: string): RegExp {
  return new RegExp(`^${escaped(text)}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
