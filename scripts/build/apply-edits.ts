import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Plugin, PluginBuild } from 'esbuild';

/** An edit that replaces the contents of the file whose path ends with `file`. */
interface Substitution {
  readonly file: string;
  readonly contents: () => string;
}

/** An edit that replaces a built-in module of Node.js wherever undici imports it. */
interface StandIn {
  readonly builtin: string;
  readonly contents: () => string;
  /** Matches code that needs more of the built-in module than `contents` provides. */
  readonly unsupported: RegExp;
}

/** An edit that keeps a side-effect import of a built-in module. esbuild would drop the import. */
interface KeptImport {
  readonly keptImport: string;
  /** The end of the path of the file with the import. */
  readonly importer: string;
}

/** A change to the contents of a bundle. */
export type Edit = Substitution | StandIn | KeptImport;

/** Returns an esbuild plugin that applies edits. The build fails if an edit changes nothing. */
export function applyEdits(name: string, edits: readonly Edit[]): Plugin {
  return {
    name,
    setup(build) {
      const unused = new Set(edits);
      for (const edit of edits) registerEdit(build, edit, () => unused.delete(edit));
      build.onEnd(() => ({
        errors: [...unused].map((edit) => ({ text: `${describeUnusedEdit(edit)} ${ADVICE}` })),
      }));
    },
  };
}

const ADVICE = 'Find the replacement, then correct or remove the edit.';

function describeUnusedEdit(edit: Edit): string {
  if ('keptImport' in edit)
    return `${edit.importer} does not import '${edit.keptImport}' any more.`;
  return 'builtin' in edit
    ? `undici does not import ${edit.builtin} any more.`
    : `Nothing imports ${edit.file} any more.`;
}

function registerEdit({ onResolve, onLoad }: PluginBuild, edit: Edit, markUsed: () => void): void {
  if ('keptImport' in edit) {
    onResolve({ filter: patternFor(edit.keptImport) }, ({ path, importer }) => {
      if (!importer.endsWith(`/${edit.importer}`)) return null;
      markUsed();
      return { path, external: true, sideEffects: true };
    });
  } else if ('builtin' in edit) {
    onResolve({ filter: patternFor(edit.builtin) }, async ({ path, importer }) => {
      if (!importer.includes('/undici/')) return null;
      markUsed();
      const [call] = edit.unsupported.exec(await readFile(importer, 'utf8')) ?? [];
      if (call === undefined) return { path, namespace: 'stand-in' };
      return {
        errors: [
          { text: `${importer} uses ${call}, but the stand-in for ${path} does not provide it.` },
        ],
      };
    });
    onLoad({ filter: patternFor(edit.builtin), namespace: 'stand-in' }, () => ({
      contents: edit.contents(),
    }));
  } else {
    onLoad({ filter: new RegExp(`/${escapeRegExp(edit.file)}$`) }, ({ path }) => {
      markUsed();
      return { contents: edit.contents(), loader: extname(path) === '.ts' ? 'ts' : 'js' };
    });
  }
}

function patternFor(text: string): RegExp {
  return new RegExp(`^${escapeRegExp(text)}$`);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
