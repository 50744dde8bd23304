import * as z from 'zod/mini';
import { toList, unique } from './collections.ts';
import { describe } from './describe.ts';
import { InvalidValue } from './invalid-value.ts';
import type { Option } from './option.ts';
import { reader } from './reader.ts';
import { toText } from './scalars.ts';

const ID_HINT =
  "System Context cannot look up names; an id stands in the address of the object's page in the Admin Portal, and in JumpCloud's API and PowerShell module";

/** A JumpCloud object's id, lower case. */
export function toId(value: unknown): string {
  const given = toText(value).trim();
  if (!/^[0-9a-f]{24}$/i.test(given)) {
    throw new InvalidValue(
      `expected an id (24 hexadecimal digits), got ${describe(value)}. ${ID_HINT}`,
    );
  }
  return given.toLowerCase();
}

/** The id of a JumpCloud object. */
export function id(): Option<string | undefined> {
  return { type: 'str', schema: reader(toId) };
}

/** The id of a JumpCloud object, or empty text for none. */
export function idOrNone(): Option<string | undefined> {
  return { type: 'str', schema: reader((value) => (value === '' ? '' : toId(value))) };
}

/** Ids of JumpCloud objects; one that is given twice counts once. */
export function ids(): Option<string[] | undefined> {
  const items = z.array(reader(toId));
  const schema = z.pipe(reader(toList), z.pipe(items, z.transform(unique<string>)));
  return { type: 'list', elements: 'str', schema };
}
