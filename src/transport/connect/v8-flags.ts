import { setFlagsFromString } from 'node:v8';

/**
 * The newest major version of Node.js for which the V8 flags were tested. Newer versions run
 * without flags, because V8 prints a warning on stderr for an unknown flag.
 */
export const NEWEST_TUNED_NODE = 26;

/**
 * V8 flags that disable optimisations. Only long-running programs benefit from these optimisations,
 * but a run takes a tenth of a second. Flags that affect compiled code, such as
 * --no-regexp-tier-up, are left out, because they crash V8.
 */
const V8_FLAGS = [
  '--no-regexp-optimization',
  // Compiles undici's WebAssembly parser on another CPU core while connecting. By default, V8
  // compiles each function when it is first called. Saves 1 ms.
  '--no-wasm-lazy-compilation',
  // Prevents V8 from optimising undici's parser after some hundred bytes. The optimisation takes 20
  // to 30 MiB of memory, and delays the exit of the process by 30 to 60 ms.
  '--wasm-tiering-budget=2000000000',
];

let areFlagsSet = false;

/** Sets a V8 flag, unless this Node.js is newer than the tested ones. */
export function setV8Flag(flag: string): void {
  if (Number.parseInt(process.versions.node, 10) <= NEWEST_TUNED_NODE) setFlagsFromString(flag);
}

/** Loads the Node.js modules that a run needs later, then sets the V8 flags. Returns node:tls. */
export async function loadTlsAndSetV8Flags(): Promise<typeof import('node:tls')> {
  // These modules are loaded before the flags are set, because after that, Node.js recompiles each
  // built-in module that it loads.
  const tls = await import('node:tls');
  await import('node:tty');
  await import('node:zlib');
  for (const flag of V8_FLAGS) setV8Flag(flag);
  areFlagsSet = true;
  return tls;
}

/**
 * Throws if the V8 flags are not set. Without them, Node.js 20 takes 74 ms more to compile undici's
 * parser when undici is imported.
 */
export function requireV8Flags(): void {
  if (!areFlagsSet) throw new Error('undici was imported before the V8 flags were set');
}
