import { build, type Metafile } from 'esbuild';
import { NEWEST_TUNED_NODE } from '../../src/transport/short-run.ts';
import { bareImports } from './bare-imports.ts';
import { compressParser } from './compress-parser.ts';
import { helpImport } from './help-import.ts';
import { lighterParts } from './lighter-parts.ts';
import { projectFolder } from './project-folder.ts';
import { requiredNode } from './required-node.ts';
import { leaveOutUnusedParts } from './unused-parts.ts';

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
    // undici looks at this variable to choose a parser that is not in the bundle.
    define: { 'process.env.JEST_WORKER_ID': 'undefined' },
    plugins: [helpImport, bareImports, leaveOutUnusedParts, lighterParts, compressParser],
    logLevel: 'warning',
  });
  const [output] = outputFiles;
  if (!output) throw new Error(`esbuild wrote nothing for modules/${name}.ts.`);
  return { name, text: header + output.text, metafile };
}
