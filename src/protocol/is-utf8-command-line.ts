import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** What Node.js puts in the place of bytes that are not UTF-8. */
const REPLACEMENT = '\ufffd';

/**
 * Returns whether the last words of this process's command line are UTF-8. Where the bytes cannot be
 * seen (there is no `/proc` on macOS), a replacement character counts as a byte that was lost.
 */
export function isUtf8CommandLine(words: readonly string[]): boolean {
  if (!words.some((word) => word.includes(REPLACEMENT))) return true;
  try {
    const all = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
    return isUtf8(Buffer.from(all.slice(-words.length).join(' '), 'latin1'));
  } catch {
    return false;
  }
}
