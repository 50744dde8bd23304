import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Plugin, PluginBuild } from 'esbuild';

/** Replaces the contents of a file, found by the end of its path. */
interface Substitution {
  readonly file: string;
  readonly contents: () => string;
}

/** Replaces a built-in module of Node.js where undici imports it. */
interface StandIn {
  readonly builtin: string;
  readonly contents: () => string;
  /** Matches the uses that the stand-in does not support. */
  readonly unsupported: RegExp;
}

/** Keeps a side-effect import of a built-in module, which esbuild would drop. */
interface KeptImport {
  readonly keep: string;
  readonly in: string;
}

/** A change to the contents of a bundle. */
export type Edit = Substitution | StandIn | KeptImport;

/** Returns a plugin that applies edits. An edit that finds nothing to change fails the build. */
export function applyEdits(name: string, edits: readonly Edit[]): Plugin {
  return {
    name,
    setup(build) {
      const unused = new Set(edits);
      for (const edit of edits) apply(build, edit, () => unused.delete(edit));
      build.onEnd(() => ({
        errors: [...unused].map((edit) => ({ text: `${describeUnused(edit)} ${ADVICE}` })),
      }));
    },
  };
}

const ADVICE = 'Find out what replaced it, then correct or remove the edit.';

function describeUnused(edit: Edit): string {
  if ('keep' in edit) return `${edit.in} does not import '${edit.keep}' any more.`;
  return 'builtin' in edit
    ? `undici does not import ${edit.builtin} any more.`
    : `Nothing imports ${edit.file} any more.`;
}

function apply({ onResolve, onLoad }: PluginBuild, edit: Edit, markUsed: () => void): void {
  if ('keep' in edit) {
    onResolve({ filter: exactPattern(edit.keep) }, ({ path, importer }) => {
      if (!importer.endsWith(`/${edit.in}`)) return null;
      markUsed();
      return { path, external: true, sideEffects: true };
    });
  } else if ('builtin' in edit) {
    onResolve({ filter: exactPattern(edit.builtin) }, async ({ path, importer }) => {
      if (!importer.includes('/undici/')) return null;
      markUsed();
      const [call] = edit.unsupported.exec(await readFile(importer, 'utf8')) ?? [];
      if (call === undefined) return { path, namespace: 'stand-in' };
      return {
        errors: [{ text: `The stand-in for ${path} has no ${call}, which ${importer} uses.` }],
      };
    });
    onLoad({ filter: exactPattern(edit.builtin), namespace: 'stand-in' }, () => ({
      contents: edit.contents(),
    }));
  } else {
    onLoad({ filter: new RegExp(`/${escaped(edit.file)}$`) }, ({ path }) => {
      markUsed();
      return { contents: edit.contents(), loader: extname(path) === '.ts' ? 'ts' : 'js' };
    });
  }
}

function exactPattern(text: string): RegExp {
  return new RegExp(`^${escaped(text)}$`);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
