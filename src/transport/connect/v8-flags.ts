import { setFlagsFromString } from 'node:v8';

/**
 * The newest major version of Node.js with which the V8 flags were tested. Later ones run without
 * flags, because V8 prints a warning on stderr for an unknown flag.
 */
export const NEWEST_TUNED_NODE = 26;

/**
 * Switch off optimisations that pay off only in long-running programs; a run takes a tenth of a
 * second. No flag here affects compiled code: V8 crashes with flags that do, like
 * --no-regexp-tier-up.
 */
const FLAGS = [
  '--no-regexp-optimization',
  // Compiles undici's WebAssembly parser on another CPU core while connecting, instead of function
  // by function when called. Saves 1 ms.
  '--no-wasm-lazy-compilation',
  // Without this, the parser is optimised after some hundred bytes. That takes 20 to 30 MiB and 30
  // to 60 ms, for which the process waits before it exits.
  '--wasm-tiering-budget=2000000000',
];

let areSet = false;

/** Sets a V8 flag, unless this Node.js is newer than the tested ones. */
export function setV8Flag(flag: string): void {
  if (Number.parseInt(process.versions.node, 10) <= NEWEST_TUNED_NODE) setFlagsFromString(flag);
}

/** Loads the Node.js modules that a run needs later, then sets the V8 flags. Returns node:tls. */
export async function setFlagsForShortRun(): Promise<typeof import('node:tls')> {
  // Needed for the connection, the answer and undici's parser. They are loaded first, because
  // Node.js recompiles each built-in module that it loads after a flag was set at run time.
  const tls = await import('node:tls');
  await import('node:tty');
  await import('node:zlib');
  for (const flag of FLAGS) setV8Flag(flag);
  areSet = true;
  return tls;
}

/**
 * Throws unless the flags are set. undici compiles its parser when it is imported; without the
 * flags, Node.js 20 takes 74 ms more.
 */
export function requireFlags(): void {
  if (!areSet) throw new Error('undici was imported before the V8 flags were set');
}
