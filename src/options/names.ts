import { NAMED_KINDS, type NamedKind } from '../base/named-kinds.ts';
import { truncate } from '../base/printable.ts';
import { InvalidValue } from './invalid-value.ts';
import { MAX_SUGGESTIONS, nearestName } from './nearest-name.ts';
import { nameForMessage } from './text-for-messages.ts';

/** Ids by kind and name. */
export type IdsByKindAndName = ReadonlyMap<NamedKind, ReadonlyMap<string, string>>;

/** Finds ids by name, and names by id. */
export class NameLookup {
  readonly #ids: IdsByKindAndName;
  readonly #names = new Map<string, string>();
  readonly #used = new Map<NamedKind, Map<string, string>>();
  #suggestions = 0;

  constructor(names: IdsByKindAndName) {
    this.#ids = names;
    for (const kind of NAMED_KINDS) {
      // If an id has two names, the first one counts.
      for (const [name, id] of names.get(kind) ?? []) {
        if (!this.#names.has(id)) this.#names.set(id, name);
      }
    }
  }

  /**
   * Returns the id of a name. Names are compared exactly.
   * @throws InvalidValue when no object of that kind has the name
   */
  idOf(kind: NamedKind, name: string): string {
    const known = this.#ids.get(kind) ?? new Map<string, string>();
    const id = known.get(name);
    if (id !== undefined) {
      const used = this.#used.get(kind) ?? new Map<string, string>();
      this.#used.set(kind, used.set(name, id));
      return id;
    }
    const nearest =
      this.#suggestions++ < MAX_SUGGESTIONS ? nearestName(name, known.keys()) : undefined;
    // A text that resembles a known name is a misspelt name and not a secret, so it is not masked.
    const quoted = nearest === undefined ? nameForMessage(name) : truncate(name);
    const hint = nearest === undefined ? '' : `; did you mean ${truncate(nearest)}?`;
    throw new InvalidValue(
      `the option "names" has no ${kind.replace('_', ' ')} named ${JSON.stringify(quoted)}${hint}`,
    );
  }

  /** Returns the name of an object; undefined when it is not known. */
  nameOf(id: string): string | undefined {
    return this.#names.get(id);
  }

  /**
   * Returns the names that have been looked up, with their ids. The list of all names may be very
   * long.
   */
  usedNames(): Readonly<Record<string, Readonly<Record<string, string>>>> {
    return Object.fromEntries(
      [...this.#used].map(([kind, names]) => [kind, Object.fromEntries(names)]),
    );
  }
}

/** Stands for an invalid option `names`. Lookups fail without reporting the problem again. */
export class FailingNameLookup extends NameLookup {
  constructor() {
    super(new Map());
  }

  override idOf(): never {
    throw new InvalidValue([]);
  }
}
