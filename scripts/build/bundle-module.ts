import { basename } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { NEWEST_TUNED_NODE } from '../../src/transport/tune-v8.ts';
import { applyEdits } from './apply-edits.ts';
import { helpImport } from './help-import.ts';
import { type Joined, joinChunks } from './join-chunks.ts';
import { projectFolder } from './project-folder.ts';
import { requiredNode } from './required-node.ts';
import { undiciEdits } from './undici-edits.ts';

/** One executable: its whole text, and esbuild's account of what is in it. */
export interface Bundle {
  readonly name: string;
  readonly text: string;
  readonly metafile: Metafile;
}

/** Bundles `modules/<name>.ts` to one CommonJS text behind the header that starts it. */
export async function bundleModule(name: string, header: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [`modules/${name}.ts`],
    outdir: 'dist/modules',
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: `node${requiredNode}`,
    legalComments: 'none',
    metafile: true,
    plugins: [helpImport, applyEdits('undici-edits', undiciEdits)],
    logLevel: 'warning',
  });
  const chunks = outputFiles.map(({ path, text }) => ({ path: basename(path), text }));
  const joined = await joinChunks(`${name}.js`, chunks);
  return { name, text: header + script(joined), metafile };
}

/**
 * One script of both parts. The late one stands in a comment, which V8 skips, and is compiled when it
 * is wanted: while the connection is on its way. Its text comes from the same reading of the file as
 * the early one's, because an upgrade may replace the file meanwhile. Each part is compiled as a whole,
 * as the header begins to.
 */
function script({ early, late, shared }: Joined): string {
  if (/\/\*|\*\//.test(late)) throw new Error('The late part of a bundle would end its comment.');
  const names = ['require', 'later', 'once', ...shared].join();
  return `"use strict";
const tune=f=>parseInt(process.versions.node)<=${NEWEST_TUNED_NODE}&&require("node:v8").setFlagsFromString(f);
tune("--lazy");
let text=module.text;
try{text??=require("node:fs").readFileSync(__filename,"utf8")}catch{}
const once=f=>{let done,value;return()=>{if(!done){value=f();done=true}return value}};
const load=once(()=>{
const late=text.slice(text.lastIndexOf("/*")+2,text.lastIndexOf("*/"));
tune("--no-lazy");
const f=require("node:vm").compileFunction(late,"${names}".split(","),{filename:__filename});
tune("--lazy");
return f(${names})});
const later=async n=>load()[n]();
${early}
/*"use strict";${late}*/
`;
}
