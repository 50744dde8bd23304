import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toText } from './scalars.ts';

/** A path, with `~` and environment variables replaced. */
export async function toPath(value: unknown): Promise<string> {
  const given = toText(value);
  if (given === '') throw new InvalidValue('must not be empty');
  if (given.includes('\0')) throw new InvalidValue('must not contain a NUL character');
  const home = /^~(?=\/|$)/.test(given) ? await homeDirectory() : undefined;
  return (home === undefined ? given : home + given.slice(1)).replace(
    /\$(?:(\w+)|\{(\w+)\})/g,
    (whole, plain, braced) => process.env[plain ?? braced] ?? whole,
  );
}

/** Without HOME and an entry for this user there is none, and Node throws. */
async function homeDirectory(): Promise<string | undefined> {
  const { homedir } = await import('node:os');
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

/** A path; `~` and environment variables in it are replaced, as Ansible does. */
export function path(): Option<string | undefined> {
  return { type: 'path', read: toPath };
}
