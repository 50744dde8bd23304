import type { NamedKind } from '../base/named-kinds.ts';
import { toDistinct } from './collections.ts';
import { describeValue } from './describe-value.ts';
import { InvalidValue } from './invalid-value.ts';
import type { NameLookup } from './names.ts';
import type { Option, ReadContext } from './option.ts';
import { toText } from './scalars.ts';

const ID_HINT =
  "System Context cannot look up names; an id stands in the address of the object's page in the Admin Portal, and in JumpCloud's API and PowerShell module";
const NAMES_HINT =
  'To give names instead, resolve them with jumpcloud_names where an API key is, and give its result in names';

/** Of what kind the objects are, which may depend on what else is given. */
export type KindResolver = NamedKind | ((given: ReadContext['given']) => NamedKind | undefined);

/** A JumpCloud object's id, lower case. */
export function toId(value: unknown): string {
  const given = toText(value).trim();
  if (!isId(given)) {
    throw notAnId(value, ID_HINT);
  }
  return given.toLowerCase();
}

/** Whether a text is an id, which no name can be then. */
export function isId(text: string): boolean {
  return /^[0-9a-f]{24}$/i.test(text);
}

/** Reads an id, or a name that stands for one. */
export function idOrName(kind: NamedKind | undefined, names: NameLookup | undefined) {
  return (value: unknown): string => {
    const given = toText(value);
    if (isId(given.trim())) return given.trim().toLowerCase();
    if (names !== undefined) return idOfName(kind, names, given);
    throw notAnId(value, `${ID_HINT}. ${NAMES_HINT}`);
  };
}

function notAnId(value: unknown, advice: string): InvalidValue {
  const message = `expected an id (24 hexadecimal digits), got ${describeValue(value)}`;
  return new InvalidValue([{ path: [], message, advice }]);
}

/** Finds the id of a name; an unknown kind is a problem of the option that says the kind. */
function idOfName(kind: NamedKind | undefined, names: NameLookup, name: string): string {
  if (kind === undefined) throw new InvalidValue([]);
  return names.idOf(kind, name);
}

/** The id of a JumpCloud object that has no name here: a system's. */
export function id(): Option<string | undefined> {
  return { type: 'str', read: toId };
}

/** An object, by id or name, or empty text for none. */
export function objectOrNone(kind: NamedKind): Option<string | undefined> {
  return {
    type: 'str',
    read: (value, { names }) => (value === '' ? '' : idOrName(kind, names)(value)),
  };
}

/** Objects, by ids or names, as ids; one that is given twice counts once. */
export function objects(kind: KindResolver): Option<string[] | undefined> {
  return {
    type: 'list',
    elements: 'str',
    read(value, { names, given }) {
      const of = typeof kind === 'function' ? kind(given) : kind;
      return toDistinct(idOrName(of, names))(value);
    },
  };
}
