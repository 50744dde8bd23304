import { setFlagsFromString } from 'node:v8';

/**
 * The newest Node.js, by its first number, that flags for V8 were tried on. A V8 that does not know a
 * flag says so on stderr, so later ones run without.
 */
export const NEWEST_TUNED_NODE = 26;

/** Sets a flag of V8 that prepares it for a run of a tenth of a second. */
export function tuneV8(flag: string): void {
  if (Number.parseInt(process.versions.node, 10) <= NEWEST_TUNED_NODE) setFlagsFromString(flag);
}
