import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

/** The character that Node.js puts in place of invalid UTF-8. */
const REPLACEMENT_CHARACTER = '\ufffd';

/**
 * Returns whether the bytes of `args` on this process's command line are valid UTF-8. `args` must
 * be its last arguments. Without `/proc`, as on macOS, a replacement character counts as invalid
 * UTF-8.
 */
export function isUtf8CommandLine(args: readonly string[]): boolean {
  if (!args.some((arg) => arg.includes(REPLACEMENT_CHARACTER))) return true;
  try {
    const all = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
    return isUtf8(Buffer.from(all.slice(-args.length).join(' '), 'latin1'));
  } catch {
    return false;
  }
}
