import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toText } from './scalars.ts';

/** Reads a path. Expands `~` and environment variables, as Ansible does. */
export async function toPath(value: unknown): Promise<string> {
  const text = toText(value);
  if (text === '') throw new InvalidValue('must not be empty');
  if (text.includes('\0')) throw new InvalidValue('must not contain a NUL character');
  const home = /^~(?=\/|$)/.test(text) ? await findHomeDirectory() : undefined;
  return (home === undefined ? text : home + text.slice(1)).replace(
    /\$(?:(\w+)|\{(\w+)\})/g,
    (whole, plain, braced) => process.env[plain ?? braced] ?? whole,
  );
}

/** Returns the home directory; undefined if Node.js finds none. */
async function findHomeDirectory(): Promise<string | undefined> {
  const { homedir } = await import('node:os');
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** Defines an option that takes a path. Expands `~` and environment variables. */
export function path(): Option<string | undefined> {
  return { type: 'path', read: toPath };
}
