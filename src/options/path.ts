import { homedir } from 'node:os';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { toText } from './scalars.ts';

/** A path, with `~` and environment variables replaced. */
export function toPath(value: unknown): string {
  const given = toText(value);
  if (given === '') throw new InvalidValue('must not be empty');
  if (given.includes('\0')) throw new InvalidValue('must not contain a NUL character');
  return given
    .replace(/^~(?=\/|$)/, home)
    .replace(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (whole, plain, braced) => process.env[plain ?? braced] ?? whole,
    );
}

/** Without HOME and an entry for this user there is none, and Node throws. */
function home(tilde: string): string {
  try {
    return homedir();
  } catch {
    return tilde;
  }
}

/** A path; `~` and environment variables in it are replaced, as Ansible does. */
export function path(): Option<string | undefined> {
  return { type: 'path', read: toPath };
}
