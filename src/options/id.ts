import type { NamedKind } from '../base/named-kinds.ts';
import { coerceText } from './coercions.ts';
import { toUniqueListOf } from './collections.ts';
import { describeValue } from './describe-value.ts';
import { InvalidValue } from './invalid-value.ts';
import type { NameLookup } from './names.ts';
import type { Option, ReadContext } from './option.ts';

const ID_HINT =
  "System Context cannot look up names; find the id in the URL of the object's page in the Admin Portal, or with JumpCloud's API or PowerShell module";
const NAMES_HINT =
  'To use names instead, run jumpcloud_names where an API key is available, and pass the value of "names" in its result as the option "names"';

/** The kind of an option's objects, or a function that derives the kind from the other options. */
export type KindOrResolver =
  | NamedKind
  | ((rawOptions: ReadContext['rawOptions']) => NamedKind | undefined);

/** Reads the id of a JumpCloud object, and converts it to lower case. */
export function toId(value: unknown): string {
  const text = coerceText(value)?.trim() ?? '';
  if (!isId(text)) throw notIdError(value, ID_HINT);
  return text.toLowerCase();
}

/** Returns whether a text has the form of an id. Such a text is never a name. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{24}$/i.test(text);
}

/** Returns a function that takes the id or the name of an object, and returns its id. */
export function toObjectId(kind: NamedKind | undefined, names: NameLookup | undefined) {
  return (value: unknown): string => {
    const text = coerceText(value);
    if (text !== undefined) {
      if (isId(text.trim())) return text.trim().toLowerCase();
      if (names !== undefined) return lookUpId(kind, names, text);
    }
    throw notIdError(value, `${ID_HINT}. ${NAMES_HINT}`);
  };
}

function notIdError(value: unknown, advice: string): InvalidValue {
  const message = `expected an id (24 hexadecimal digits), got ${describeValue(value)}`;
  return new InvalidValue([{ path: [], message, advice }]);
}

/**
 * Looks up the id of a name. If the kind is unknown, throws an error without issues, because the
 * option that sets the kind already reports the problem.
 */
function lookUpId(kind: NamedKind | undefined, names: NameLookup, name: string): string {
  if (kind === undefined) throw new InvalidValue([]);
  return names.idOf(kind, name);
}

/** Defines an option that takes the id of a system, and no name. */
export function id(): Option<string | undefined> {
  return { type: 'str', read: toId };
}

/** Defines an option that takes the id or name of an object, or empty text for none. */
export function objectOrNone(kind: NamedKind): Option<string | undefined> {
  return {
    type: 'str',
    read: (value, { names }) => (value === '' ? '' : toObjectId(kind, names)(value)),
  };
}

/** Defines an option that takes ids or names of objects. Its value is ids without duplicates. */
export function objects(kind: KindOrResolver): Option<string[] | undefined> {
  return {
    type: 'list',
    elements: 'str',
    read(value, { names, rawOptions }) {
      const resolvedKind = typeof kind === 'function' ? kind(rawOptions) : kind;
      return toUniqueListOf(toObjectId(resolvedKind, names))(value);
    },
  };
}
