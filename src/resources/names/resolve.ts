import { findObjects, type NamedObject } from '../../api/named-objects.ts';
import type { NamedKind } from '../../named-kinds.ts';
import { isId } from '../../options/id.ts';
import { nearest } from '../../options/nearest.ts';
import type { Session } from '../../transport/session.ts';

/** Up to so many names are asked for one by one; above, the whole list is read instead. */
const MOST_SINGLE = 5;

/** What names of one kind stand for. */
export interface Resolved {
  readonly kind: NamedKind;
  readonly found: ReadonlyMap<string, NamedObject>;
  /** Names that nothing bears, with the nearest where the whole list was read. */
  readonly missing: readonly { readonly name: string; readonly near: string | undefined }[];
  /** Names that several objects bear. */
  readonly ambiguous: readonly { readonly name: string; readonly ids: readonly string[] }[];
}

/** Resolves names of one kind, or all there are. What is an id already needs no name. */
export async function resolve(
  session: Session,
  kind: NamedKind,
  wanted: readonly string[] | 'all',
): Promise<Resolved> {
  const names = wanted === 'all' ? undefined : wanted.filter((name) => !isId(name));
  if (names?.length === 0) return { kind, found: new Map(), missing: [], ambiguous: [] };
  const isSingle = names !== undefined && names.length <= MOST_SINGLE;
  const objects = await findObjects(session, kind, isSingle ? names : undefined);
  const bearers = bearersOf(objects);
  // Of a user's two names the username stands for all.
  const asked = names ?? unique(objects.flatMap((object) => object.names.slice(0, 1)));

  const found = new Map<string, NamedObject>();
  const missing: { name: string; near: string | undefined }[] = [];
  const ambiguous: { name: string; ids: string[] }[] = [];
  for (const name of asked) {
    const [first, ...others] = bearers.get(name)?.values() ?? [];
    if (first === undefined) {
      missing.push({ name, near: isSingle ? undefined : nearest(name, [...bearers.keys()]) });
    } else if (others.length > 0) {
      ambiguous.push({ name, ids: [first, ...others].map(({ id }) => id).sort() });
    } else {
      found.set(name, first);
    }
  }
  return { kind, found, missing, ambiguous };
}

/** The objects that bear each name, each once. Names are compared exactly. */
function bearersOf(objects: readonly NamedObject[]): Map<string, Map<string, NamedObject>> {
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
