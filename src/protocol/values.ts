import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { Unfit } from './option.ts';
import { describe, readBoolean, readList, readMapping, readNumber, readText } from './spellings.ts';

// Readers of one value each: they give what the option means, or throw an Unfit that says what
// was given and what is accepted.

const ID_HINT =
  "System Context cannot look up names; an id stands in the address of the object's page in the Admin Portal, and in JumpCloud's API and PowerShell module";

/** Text, from text, a number or a boolean. */
export function toText(value: unknown): string {
  return readText(value) ?? unfit('text', value);
}

/** A boolean, in Ansible's spellings. */
export function toBoolean(value: unknown): boolean {
  return readBoolean(value) ?? unfit('true or false (or yes/no, on/off, 1/0, t/f, y/n)', value);
}

/** A JumpCloud object's id, lower case. */
export function toId(value: unknown): string {
  const given = toText(value).trim();
  if (!/^[0-9a-f]{24}$/i.test(given)) {
    throw new Unfit(`expected an id (24 hexadecimal digits), got ${describe(value)}. ${ID_HINT}`);
  }
  return given.toLowerCase();
}

/** A list, of items not looked at yet. */
export function toList(value: unknown): unknown[] {
  return readList(value) ?? unfit('a list, or text with commas between the items', value);
}

/** A mapping, of values not looked at yet. */
export function toMapping(value: unknown): Record<string, unknown> {
  return readMapping(value) ?? unfit('a mapping, or JSON text of one', value);
}

/** One of the accepted words. */
export function toChoice<T extends string>(choices: readonly T[]): (value: unknown) => T {
  return (value) => {
    const given = readText(value);
    const found = choices.find((choice) => choice === given);
    return found ?? unfit(`one of ${choices.join(', ')}`, value);
  };
}

/** Seconds, finite. */
export function toSeconds(value: unknown, aboveZero: boolean): number {
  const given = readNumber(value);
  if (given === undefined || !Number.isFinite(given)) return unfit('a number of seconds', value);
  if (aboveZero && given <= 0) throw new Unfit(`must be above zero, got ${given}`);
  if (given < 0) throw new Unfit(`must not be negative, got ${given}`);
  return given;
}

/** A path, with `~` and environment variables replaced. */
export function toPath(value: unknown): string {
  const given = toText(value);
  if (given === '') throw new Unfit('must not be empty');
  if (given.includes('\0')) throw new Unfit('must not contain a NUL character');
  return given
    .replace(/^~(?=\/|$)/, homedir())
    .replace(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (whole, plain, braced) => process.env[plain ?? braced] ?? whole,
    );
}

/** Ten times the size of all roots there are, in bytes. */
const LARGEST_BUNDLE = 4 * 1024 * 1024;

/** The path of a file that holds at least one certificate. Never blocks on a pipe. */
export function toPemBundle(value: unknown): string {
  const file = toPath(value);
  let pem: string;
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new Unfit(`${file} is not a regular file`);
    if (stat.size > LARGEST_BUNDLE) {
      throw new Unfit(
        `${file} has ${stat.size} bytes; a bundle of certificates is never that large`,
      );
    }
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Unfit) throw error;
    throw new Unfit(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    new X509Certificate(pem);
  } catch {
    throw new Unfit(`${file} does not hold a certificate in PEM form`);
  }
  return file;
}

function unfit(accepted: string, value: unknown): never {
  throw new Unfit(`expected ${accepted}, got ${describe(value)}`);
}
