import { findObjects, type NamedObject } from '../../api/named-objects.ts';
import { Rejected } from '../../base/errors.ts';
import type { NamedKind } from '../../base/named-kinds.ts';
import { isId } from '../../options/id.ts';
import { nearestNames } from '../../options/nearest-name.ts';
import type { Session } from '../../transport/session.ts';

/**
 * The maximum number of names that are looked up one by one. For more names, the whole list is
 * read.
 */
const MAX_SINGLE_LOOKUPS = 5;

/** The result of resolving names of one kind of object. */
export interface ResolvedNames {
  readonly kind: NamedKind;
  readonly found: ReadonlyMap<string, NamedObject>;
  /**
   * The ids of the dynamic groups among the found objects. If all names are requested, the ids of
   * all dynamic groups, even of those without a name or with an ambiguous one.
   */
  readonly dynamic: readonly string[];
  /** The names that no object has. `suggestion` is the most similar name, if there is one. */
  readonly missing: readonly { readonly name: string; readonly suggestion: string | undefined }[];
  /** The names that several objects have, with the ids of the objects. */
  readonly ambiguous: readonly { readonly name: string; readonly ids: readonly string[] }[];
}

/**
 * Returns whether resolving these names needs requests. An id in place of a name needs no request.
 */
export function needsRequests(requested: readonly string[] | 'all' | undefined): boolean {
  return requested === 'all' || (requested ?? []).some((name) => !isId(name));
}

/**
 * Resolves the requested names of one kind of object, or all names of the kind. Ignores a requested
 * name that is an id.
 */
export async function resolveNames(
  session: Session,
  kind: NamedKind,
  requested: readonly string[] | 'all',
): Promise<ResolvedNames> {
  const names = requested === 'all' ? undefined : requested.filter((name) => !isId(name));
  if (names?.length === 0)
    return { kind, found: new Map(), dynamic: [], missing: [], ambiguous: [] };
  const objects = await readObjects(session, kind, names);
  const objectsByName = indexByName(objects);
  // With `all`, a user is listed by username only, not by email address.
  const wantedNames =
    names ?? removeDuplicates(objects.flatMap((object) => object.names.slice(0, 1)));

  const found = new Map<string, NamedObject>();
  const missing: string[] = [];
  const ambiguous: { name: string; ids: string[] }[] = [];
  for (const name of wantedNames) {
    const [first, ...others] = objectsByName.get(name)?.values() ?? [];
    if (first === undefined) {
      missing.push(name);
    } else if (others.length > 0) {
      ambiguous.push({ name, ids: [first, ...others].map(({ id }) => id).sort() });
    } else {
      found.set(name, first);
    }
  }
  const suggestions = nearestNames(missing, [...objectsByName.keys()]);
  return {
    kind,
    found,
    dynamic: (requested === 'all' ? objects : [...found.values()])
      .filter(({ isDynamic }) => isDynamic)
      .map(({ id }) => id),
    missing: missing.map((name, i) => ({ name, suggestion: suggestions[i] })),
    ambiguous,
  };
}

/**
 * Reads objects of one kind. Reads all of them if no names are given, or many. Otherwise, lets
 * JumpCloud filter them by name. Also reads all objects if the filter finds none for a name: the
 * filter may have missed the object, or the name may be wrong and a similar name is needed as a
 * suggestion.
 */
async function readObjects(
  session: Session,
  kind: NamedKind,
  names: readonly string[] | undefined,
): Promise<NamedObject[]> {
  if (names === undefined || names.length > MAX_SINGLE_LOOKUPS) return findObjects(session, kind);
  const found = await findObjects(session, kind, names);
  const objectsByName = indexByName(found);
  if (names.every((name) => objectsByName.has(name))) return found;
  try {
    return [...found, ...(await findObjects(session, kind))];
  } catch (error) {
    // An account that is not allowed to read the whole list can still look up single names.
    if (error instanceof Rejected) return found;
    throw error;
  }
}

/** Indexes objects by name and then by id. Names are compared exactly. */
function indexByName(objects: readonly NamedObject[]): Map<string, Map<string, NamedObject>> {
  const objectsByName = new Map<string, Map<string, NamedObject>>();
  for (const object of objects) {
    for (const name of object.names) {
      const sameName = objectsByName.get(name) ?? new Map<string, NamedObject>();
      objectsByName.set(name, sameName.set(object.id, object));
    }
  }
  return objectsByName;
}

function removeDuplicates(names: readonly string[]): string[] {
  return [...new Set(names)];
}
