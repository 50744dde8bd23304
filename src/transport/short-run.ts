import { tuneV8 } from './tune-v8.ts';

/**
 * What V8 prepares for a program that runs for long, and a run of a tenth of a second only waits
 * for. None changes what code does that is compiled already: V8 does not survive a flag that does,
 * like --no-regexp-tier-up.
 */
const FLAGS = [
  '--no-regexp-optimization',
  // The functions of undici's WebAssembly parser are compiled on another processor while the
  // connection is made, not when they are called: 1 ms.
  '--no-wasm-lazy-compilation',
  // The parser would be optimised after some hundred bytes: 30 to 60 ms, for which the process
  // waits at its end, and 20 to 30 MiB.
  '--wasm-tiering-budget=2000000000',
];

/** Loads what of Node a run needs behind the dialling, and tunes V8 for what it is about to do. */
export async function tuneForShortRun(): Promise<typeof import('node:tls')> {
  // Needed anyway, for the connection, the answer and by undici's parser. They are loaded now because any
  // flag that is set at run time makes Node compile anew those of its own parts that it loads later.
  const tls = await import('node:tls');
  await import('node:tty');
  await import('node:zlib');
  for (const flag of FLAGS) tuneV8(flag);
  return tls;
}
