// Needed anyway, with the first connection and by undici's parser. They are loaded now because any
// flag that is set at run time makes Node compile anew those of its own parts that it loads later.
import 'node:dns';
import 'node:zlib';
import { setFlagsFromString } from 'node:v8';

/**
 * The newest Node.js, by its first number, that the flags were tried on. A V8 that does not know a
 * flag says so on stderr, so later ones run without.
 */
export const NEWEST_TUNED_NODE = 26;

/**
 * What V8 prepares for a program that runs for long, and a run of a tenth of a second only waits
 * for. None changes what code does that is compiled already: V8 does not survive a flag that does,
 * like --no-regexp-tier-up.
 */
const FLAGS = [
  // Node tells by large regular expressions whether the name of a host is an address, and
  // optimising these takes 3 ms.
  '--no-regexp-optimization',
  // The functions of undici's WebAssembly parser are compiled on another processor while the
  // connection is made, not when they are called: 1 ms.
  '--no-wasm-lazy-compilation',
  // The parser would be optimised after some hundred bytes: 30 to 60 ms, for which the process
  // waits at its end, and 20 to 30 MiB.
  '--wasm-tiering-budget=2000000000',
];

/** Tunes V8 for what a run is about to do. To be called before undici is loaded. */
export function tuneForShortRun(): void {
  if (Number.parseInt(process.versions.node, 10) > NEWEST_TUNED_NODE) return;
  for (const flag of FLAGS) setFlagsFromString(flag);
}
