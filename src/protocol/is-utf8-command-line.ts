import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** Node.js replaces bytes that are not UTF-8 with this character. */
const REPLACEMENT = '\ufffd';

/**
 * Returns whether the last arguments of this process are UTF-8. Where the bytes cannot be read
 * (macOS has no `/proc`), a replacement character counts as an invalid byte.
 */
export function isUtf8CommandLine(args: readonly string[]): boolean {
  if (!args.some((arg) => arg.includes(REPLACEMENT))) return true;
  try {
    const all = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
    return isUtf8(Buffer.from(all.slice(-args.length).join(' '), 'latin1'));
  } catch {
    return false;
  }
}
