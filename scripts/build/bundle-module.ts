import { basename, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { brotliCompressSync } from 'node:zlib';
import { build, type Metafile, type Plugin } from 'esbuild';
import { NEWEST_TUNED_NODE } from '../../src/transport/connect/v8-flags.ts';
import { applyEdits } from './apply-edits.ts';
import { END_LINE } from './executable-header.ts';
import { helpImport } from './help-import.ts';
import { type Joined, joinChunks } from './join-chunks.ts';
import { projectDirectory } from './project-directory.ts';
import { requiredNode } from './required-node.ts';
import { undiciEdits } from './undici-edits.ts';

/** One executable: its whole text, and esbuild's account of what is in it. */
export interface Bundle {
  readonly name: string;
  readonly text: string;
  readonly metafile: Metafile;
}

/**
 * Bundles `modules/<name>.ts` to one CommonJS text behind the header that starts it. `version` is what
 * it calls itself.
 */
export async function bundleModule(name: string, header: string, version: string): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: projectDirectory,
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
    // undici would choose another parser where this variable is set.
    define: { 'process.env.JEST_WORKER_ID': 'undefined' },
    metafile: true,
    plugins: [helpImport, ownVersion(version), applyEdits('undici-edits', undiciEdits)],
    logLevel: 'warning',
  });
  const chunks = outputFiles.map(({ path, text }) => ({ path: basename(path), text }));
  const joined = await joinChunks(`${name}.js`, chunks);
  const text = header + script(joined, rareChunks(metafile));
  if (text.indexOf(END_LINE) !== text.length - END_LINE.length)
    throw new Error('A part of an executable would pass for the whole.');
  return { name, text, metafile };
}

/** Lets package.json, as modules import it, say the version that is built. */
function ownVersion(version: string): Plugin {
  return {
    name: 'own-version',
    setup({ onLoad }) {
      const path = join(projectDirectory, 'package.json');
      onLoad({ filter: /[/\\]package\.json$/ }, (file) =>
        file.path === path ? { contents: JSON.stringify({ version }), loader: 'json' } : undefined,
      );
    },
  };
}

/** The directories whose code few runs need: it is stored compressed. */
const RARE = /^src\/facts\//;

/** Returns the chunks that hold nothing but code which few runs need. */
function rareChunks({ outputs }: Metafile): ReadonlySet<string> {
  const rare = Object.entries(outputs).filter(([, { inputs }]) => {
    const paths = Object.keys(inputs);
    return paths.length > 0 && paths.every((path) => RARE.test(path));
  });
  return new Set(rare.map(([path]) => basename(path)));
}

/** Separates two late chunks. */
const CHUNK_BREAK = '\n//chunk\n';

/** Starts a late chunk that is compressed. */
const PACKED = '//brotli ';

const UNPACK = `
if(body.startsWith(${JSON.stringify(PACKED)}))body=require("node:zlib").brotliDecompressSync(Buffer.from(body.slice(${PACKED.length}),"base64")).toString();`;

/**
 * Returns one script of all. The late chunks stand in a comment, which V8 skips, and each is compiled as
 * a whole when it is imported: most of them while the connection is established. Their text comes from
 * the same read of the file as the early part's, because an upgrade may replace the file during a run.
 */
function script({ early, lateChunks, shared }: Joined, rare: ReadonlySet<string>): string {
  const names = ['require', 'late', 'importLate', ...shared];
  const bodies = lateChunks.map(({ path, text }) => {
    const body = `"use strict";${text}`;
    // What is wrong in a comment would show on a host only.
    compileFunction(body, names);
    return rare.has(path) ? `${PACKED}${brotliCompressSync(body).toString('base64')}` : body;
  });
  for (const body of bodies) {
    if (/\/\*|\*\//.test(body) || body.includes(CHUNK_BREAK))
      throw new Error('A late chunk would end too soon.');
  }
  return `"use strict";
const tune=f=>parseInt(process.versions.node)<=${NEWEST_TUNED_NODE}&&require("node:v8").setFlagsFromString(f);
tune("--lazy");
let text=module.text,texts;
try{text??=require("node:fs").readFileSync(__filename,"utf8")}catch{}
const made=[];
const make=n=>{
texts??=text.slice(text.lastIndexOf("/*")+2,text.lastIndexOf("*/")).split(${JSON.stringify(CHUNK_BREAK)});
tune("--no-lazy");
let body=texts[n];${rare.size > 0 ? UNPACK : ''}
const f=require("node:vm").compileFunction(body,"${names}".split(","),{filename:__filename});
tune("--lazy");
return f(${names})};
const late=n=>made[n]??=make(n);
const importLate=async n=>late(n);
${early}
/*${bodies.join(CHUNK_BREAK)}*/
${END_LINE}`;
}
