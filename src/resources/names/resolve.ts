import { findObjects, type NamedObject } from '../../api/named-objects.ts';
import { Interrupted } from '../../base/errors.ts';
import type { NamedKind } from '../../base/named-kinds.ts';
import { isId } from '../../options/id.ts';
import { nearestName } from '../../options/nearest-name.ts';
import type { Session } from '../../transport/session.ts';

/** Up to so many names are asked for one by one; above, the whole list is read instead. */
const MAX_SINGLE_REQUESTS = 5;

/** For so many missing names the nearest is looked for: nobody reads more, and lists may be long. */
const MAX_SUGGESTIONS = 20;

/** What names of one kind stand for. */
export interface Resolved {
  readonly kind: NamedKind;
  readonly found: ReadonlyMap<string, NamedObject>;
  /** Of all objects, where all were asked for, those that JumpCloud fills by a rule. */
  readonly dynamic: readonly string[];
  /** Names that nothing bears, with the nearest if there is one. */
  readonly missing: readonly { readonly name: string; readonly near: string | undefined }[];
  /** Names that several objects bear. */
  readonly ambiguous: readonly { readonly name: string; readonly ids: readonly string[] }[];
}

/** Whether something has to be asked for: what is an id already needs no name. */
export function needsRequests(desired: readonly string[] | 'all' | undefined): boolean {
  return desired === 'all' || (desired ?? []).some((name) => !isId(name));
}

/** Resolves names of one kind, or all there are. What is an id already needs no name. */
export async function resolve(
  session: Session,
  kind: NamedKind,
  desired: readonly string[] | 'all',
): Promise<Resolved> {
  const names = desired === 'all' ? undefined : desired.filter((name) => !isId(name));
  if (names?.length === 0)
    return { kind, found: new Map(), dynamic: [], missing: [], ambiguous: [] };
  const objects = await readObjects(session, kind, names);
  const bearers = indexByName(objects);
  // Of a user's two names the username stands for all.
  const asked = names ?? unique(objects.flatMap((object) => object.names.slice(0, 1)));

  const found = new Map<string, NamedObject>();
  const missing: string[] = [];
  const ambiguous: { name: string; ids: string[] }[] = [];
  for (const name of asked) {
    const [first, ...others] = bearers.get(name)?.values() ?? [];
    if (first === undefined) {
      missing.push(name);
    } else if (others.length > 0) {
      ambiguous.push({ name, ids: [first, ...others].map(({ id }) => id).sort() });
    } else {
      found.set(name, first);
    }
  }
  const known = [...bearers.keys()];
  const near = (name: string, i: number) =>
    i < MAX_SUGGESTIONS ? nearestName(name, known) : undefined;
  return {
    kind,
    found,
    dynamic: (desired === 'all' ? objects : [...found.values()])
      .filter(({ isDynamic }) => isDynamic)
      .map(({ id }) => id),
    missing: missing.map((name, i) => ({ name, near: near(name, i) })),
    ambiguous,
  };
}

/**
 * Returns the objects of a kind that may have one of a few names, or all objects. Reads all also when
 * JumpCloud's filter finds no object for a name: the filter may be wrong, or a near name is a hint.
 */
async function readObjects(
  session: Session,
  kind: NamedKind,
  names: readonly string[] | undefined,
): Promise<NamedObject[]> {
  if (names === undefined || names.length > MAX_SINGLE_REQUESTS) return findObjects(session, kind);
  const found = await findObjects(session, kind, names);
  const bearers = indexByName(found);
  if (names.every((name) => bearers.has(name))) return found;
  try {
    return [...found, ...(await findObjects(session, kind))];
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return found;
  }
}

/** The objects that bear each name, each once. Names are compared exactly. */
function indexByName(objects: readonly NamedObject[]): Map<string, Map<string, NamedObject>> {
  const bearers = new Map<string, Map<string, NamedObject>>();
  for (const object of objects) {
    for (const name of object.names) {
      const those = bearers.get(name) ?? new Map<string, NamedObject>();
      bearers.set(name, those.set(object.id, object));
    }
  }
  return bearers;
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
