import { build, type Metafile } from 'esbuild';
import { NEWEST_TUNED_NODE } from '../../src/transport/short-run.ts';
import { applyEdits } from './apply-edits.ts';
import { helpImport } from './help-import.ts';
import { projectFolder } from './project-folder.ts';
import { requiredNode } from './required-node.ts';
import { undiciEdits } from './undici-edits.ts';

/** One executable: its whole text, and esbuild's account of what is in it. */
export interface Bundle {
  readonly name: string;
  readonly text: string;
  readonly metafile: Metafile;
}

/** Ends what header.sh begins, before Node's own parts are loaded: those come compiled. */
const COMPILE_LAZILY = `parseInt(process.versions.node)<=${NEWEST_TUNED_NODE}&&require("node:v8").setFlagsFromString("--lazy");`;

/** Bundles `modules/<name>.ts` to one CommonJS text behind the header that starts it. */
export async function bundleModule(name: string, header: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [`modules/${name}.ts`],
    outfile: `dist/modules/${name}`,
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: `node${requiredNode}`,
    legalComments: 'none',
    banner: { js: `"use strict";${COMPILE_LAZILY}` },
    metafile: true,
    plugins: [helpImport, applyEdits('undici-edits', undiciEdits)],
    logLevel: 'warning',
  });
  const [output] = outputFiles;
  if (!output) throw new Error(`esbuild wrote nothing for modules/${name}.ts.`);
  return { name, text: header + output.text, metafile };
}
