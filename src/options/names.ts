import { NAMED_KINDS, type NamedKind } from '../base/named-kinds.ts';
import { truncate } from '../base/printable.ts';
import { InvalidValue } from './invalid-value.ts';
import { nearestName } from './nearest-name.ts';
import { quoteName } from './quote-name.ts';

/** What stands for ids in a call: ids by kind and name. */
export type Names = Readonly<Partial<Record<NamedKind, Readonly<Record<string, string>>>>>;

/** Finds ids by name, and names by id. */
export class NameLookup {
  readonly #ids = new Map<NamedKind, Map<string, string>>();
  readonly #names = new Map<string, string>();
  readonly #used = new Map<NamedKind, Map<string, string>>();

  constructor(names: Names) {
    for (const kind of NAMED_KINDS) {
      const entries = Object.entries(names[kind] ?? {});
      this.#ids.set(kind, new Map(entries));
      // Of two names for one id the first counts.
      for (const [name, id] of entries) if (!this.#names.has(id)) this.#names.set(id, name);
    }
  }

  /**
   * The id that a name stands for. Names are compared exactly.
   * @throws InvalidValue when nothing of that kind bears it
   */
  idOf(kind: NamedKind, name: string): string {
    const known = this.#ids.get(kind) ?? new Map<string, string>();
    const id = known.get(name);
    if (id !== undefined) {
      const used = this.#used.get(kind) ?? new Map<string, string>();
      this.#used.set(kind, used.set(name, id));
      return id;
    }
    const meant = nearestName(name, [...known.keys()]);
    // A name that is nearly one of theirs is no secret in the wrong place.
    const quoted = meant === undefined ? quoteName(name) : truncate(name);
    const hint = meant === undefined ? '' : `; did you mean ${truncate(meant)}?`;
    throw new InvalidValue(
      `names has no ${kind.replace('_', ' ')} of the name ${JSON.stringify(quoted)}${hint}`,
    );
  }

  /** The name of an object; undefined when it is not known. */
  nameOf(id: string): string | undefined {
    return this.#names.get(id);
  }

  /** What of the names was used: all of them may be very many. */
  used(): Names {
    return Object.fromEntries(
      [...this.#used].map(([kind, names]) => [kind, Object.fromEntries(names)]),
    );
  }
}

/** Stands for names that cannot be read, which is reported once and not for each name. */
export class UnreadableNames extends NameLookup {
  constructor() {
    super({});
  }

  override idOf(): never {
    throw new InvalidValue([]);
  }
}
