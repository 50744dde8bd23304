import { basename, join } from 'node:path';
import { compileFunction } from 'node:vm';
import { brotliCompressSync } from 'node:zlib';
import { build, type Metafile, type Plugin } from 'esbuild';
import { NEWEST_TUNED_NODE } from '../../src/transport/connect/v8-flags.ts';
import { applyEdits } from './apply-edits.ts';
import { LAST_LINE } from './executable-header.ts';
import { helpImport } from './help-import.ts';
import { type JoinedChunks, joinChunks } from './join-chunks.ts';
import { projectDirectory } from './project-directory.ts';
import { requiredNode } from './required-node.ts';
import { undiciEdits } from './undici-edits.ts';

/** The whole text of an executable, with esbuild's list of its contents. */
export interface Bundle {
  readonly name: string;
  readonly text: string;
  readonly metafile: Metafile;
}

/** Bundles `modules/<name>.ts` into an executable: the shell header, then a CommonJS script. */
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
    // If this variable were set, undici would load its parser without SIMD.
    define: { 'process.env.JEST_WORKER_ID': 'undefined' },
    metafile: true,
    plugins: [helpImport, replaceVersion(version), applyEdits('undici-edits', undiciEdits)],
    logLevel: 'warning',
  });
  const chunks = outputFiles.map(({ path, text }) => ({ path: basename(path), text }));
  const joined = await joinChunks(`${name}.js`, chunks);
  const text = header + composeScript(joined, findPackedChunks(metafile));
  if (text.indexOf(LAST_LINE) !== text.length - LAST_LINE.length)
    throw new Error('The end line must occur exactly once, at the end of the executable.');
  return { name, text, metafile };
}

/** Returns a plugin that replaces the version in package.json with the version of the build. */
function replaceVersion(version: string): Plugin {
  return {
    name: 'replace-version',
    setup({ onLoad }) {
      const path = join(projectDirectory, 'package.json');
      onLoad({ filter: /[/\\]package\.json$/ }, (file) =>
        file.path === path ? { contents: JSON.stringify({ version }), loader: 'json' } : undefined,
      );
    },
  };
}

/**
 * The source files that are stored compressed: code that few runs need, and zod. Decompressing zod
 * takes 0.2 ms, while the run waits for the network.
 */
const PACKED_FILES = [
  /^node_modules\/zod\/|^src\/api\/(gone-status|parse-answer|refusal-error)\.ts$/,
  /^src\/facts\//,
  /^src\/agent\/(audit-line|lock|lock-file|process-identity|system-log)\.ts$/,
  /^src\/protocol\/text\/|^node_modules\/diff\//,
  /^src\/resources\/edges\/(apply-edges|edges-failure|write-edges)\.ts$/,
  /^src\/resources\/host\/write-host\.ts$/,
  /^src\/resources\/system\/(settle|system-writer)\.ts$/,
  /^src\/transport\/errors\/(request-error|tls-advice)\.ts$/,
];

/** Returns the names of the chunks that contain only files in `PACKED_FILES`. */
function findPackedChunks({ outputs }: Metafile): ReadonlySet<string> {
  const packed = Object.entries(outputs).filter(([, { inputs }]) => {
    const paths = Object.keys(inputs);
    return (
      paths.length > 0 && paths.every((path) => PACKED_FILES.some((packed) => packed.test(path)))
    );
  });
  return new Set(packed.map(([path]) => basename(path)));
}

/** The separator between two late chunks. */
const CHUNK_BREAK = '\n//chunk\n';

/**
 * The placeholder for a compressed chunk. The chunk's index among the compressed chunks follows.
 */
const PACKED_PREFIX = '//packed ';

/**
 * Returns all chunks as one script. The late chunks are in a comment, which V8 skips. When one is
 * imported, usually while the connection is being established, the script finds it in the text of
 * its own file and compiles it. It reads this file only once, because an upgrade may replace the
 * file during a run.
 */
function composeScript(
  { early, lateChunks, sharedNames }: JoinedChunks,
  packedPaths: ReadonlySet<string>,
): string {
  const names = ['require', 'late', 'importLate', ...sharedNames];
  const packed: string[] = [];
  const bodies = lateChunks.map(({ path, text }) => {
    const body = `"use strict";${text}`;
    // Without this check, a syntax error in a late chunk would appear only on a host.
    compileFunction(body, names);
    return packedPaths.has(path) ? `${PACKED_PREFIX}${packed.push(body) - 1}` : body;
  });
  // The chunks compress better together than separately.
  bodies.push(brotliCompressSync(packed.join(CHUNK_BREAK)).toString('base64'));
  for (const body of bodies) {
    if (/\/\*|\*\//.test(body) || body.includes(CHUNK_BREAK))
      throw new Error('A late chunk contains a comment delimiter or the separator of chunks.');
  }
  // Separates the base64 text from the closing `*/`. The text may end with a slash, which would
  // form `/*` together with the `*`.
  const stored = `${bodies.join(CHUNK_BREAK)}\n`;
  const text = `"use strict";
const tune=f=>parseInt(process.versions.node)<=${NEWEST_TUNED_NODE}&&require("node:v8").setFlagsFromString(f);
tune("--lazy");
let text=module.text,texts,unpacked;
try{text??=require("node:fs").readFileSync(__filename,"utf8")}catch{}
const made=[];
const make=n=>{
texts??=text.slice(text.lastIndexOf("/*")+2,text.lastIndexOf("*/")).split(${JSON.stringify(CHUNK_BREAK)});
tune("--no-lazy");
let body=texts[n];
if(body.startsWith(${JSON.stringify(PACKED_PREFIX)}))body=(unpacked??=require("node:zlib").brotliDecompressSync(Buffer.from(texts.at(-1),"base64")).toString().split(${JSON.stringify(CHUNK_BREAK)}))[body.slice(${PACKED_PREFIX.length})];
const f=require("node:vm").compileFunction(body,"${names}".split(","),{filename:__filename});
tune("--lazy");
return f(${names})};
const late=n=>made[n]??=make(n);
const importLate=async n=>late(n);
${early}
/*${stored}*/
${LAST_LINE}`;
  if (text.slice(text.lastIndexOf('/*') + 2, text.lastIndexOf('*/')) !== stored)
    throw new Error('The last comment of an executable must contain its late chunks.');
  return text;
}
