import { setFlagsFromString } from 'node:v8';

/**
 * The newest Node.js, by its major version, that flags for V8 were tried on. A V8 that does not know a
 * flag says so on stderr, so later ones run without.
 */
export const NEWEST_TUNED_NODE = 26;

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

let areSet = false;

/** Sets a flag of V8 that prepares it for a run of a tenth of a second. */
export function setV8Flag(flag: string): void {
  if (Number.parseInt(process.versions.node, 10) <= NEWEST_TUNED_NODE) setFlagsFromString(flag);
}

/** Loads what a run needs of Node.js after it has connected, and sets V8's flags for what follows. */
export async function setFlagsForShortRun(): Promise<typeof import('node:tls')> {
  // Needed for the connection, the answer and undici's parser. They are loaded before, because any flag
  // that is set at run time makes Node.js compile again the parts of its own that it loads later.
  const tls = await import('node:tls');
  await import('node:tty');
  await import('node:zlib');
  for (const flag of FLAGS) setV8Flag(flag);
  areSet = true;
  return tls;
}

/**
 * Fails unless the flags are set: undici compiles its parser when it is imported, and without them
 * Node.js 20 takes 74 ms more.
 */
export function requireFlags(): void {
  if (!areSet) throw new Error('undici was imported before the flags of V8 were set');
}
