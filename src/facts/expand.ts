import { FactUnavailable } from '../base/errors.ts';
import { InvalidValue } from '../options/invalid-value.ts';
import type { TextExpansion } from '../options/option.ts';
import { ENVIRONMENT, FACT_NAMES, type Fact, isKnownFact, TAG } from './fact.ts';
import { readFacts } from './read-facts.ts';
import { findReferences, type Reference, replaceReferences } from './references.ts';

/** Collects the references of a call's options, at their first reading. */
export class References implements TextExpansion {
  readonly #references: Reference[] = [];

  isPending(text: string): boolean {
    return findReferences(text).length > 0;
  }

  /** @throws InvalidValue for a fact that does not exist */
  expand(text: string): string {
    for (const reference of findReferences(text)) {
      if (!isKnownFact(reference.fact)) throw unknownFact(reference.fact);
      this.#references.push(reference);
    }
    return text;
  }

  /**
   * Reads the facts that are referenced; they are in the text at the second reading.
   * @throws FactUnavailable that lists every fact without a value and without a default
   */
  async resolve(signal: AbortSignal): Promise<Expansion> {
    const facts = await readFacts(
      this.#references.map(({ fact }) => fact),
      signal,
    );
    const missing = new Map<string, string>();
    for (const { fact, fallback } of this.#references) {
      const found = facts.get(fact);
      if (fallback === undefined && found !== undefined && 'reason' in found) {
        missing.set(fact, found.reason);
      }
    }
    if (missing.size > 0) throw unavailable(missing);
    return new Expansion(facts);
  }
}

/** Replaces references by values, at the second reading of a call's options. */
export class Expansion implements TextExpansion {
  readonly #facts: ReadonlyMap<string, Fact>;
  readonly #used = new Map<string, string>();

  constructor(facts: ReadonlyMap<string, Fact>) {
    this.#facts = facts;
  }

  isPending(): boolean {
    return false;
  }

  expand(text: string): string {
    return replaceReferences(text, ({ fact, fallback = '' }) => {
      const found = this.#facts.get(fact);
      const value = found !== undefined && 'value' in found ? found.value : fallback;
      this.#used.set(fact, value);
      return value;
    });
  }

  /** The facts that were used, defaults included. */
  used(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#used);
  }
}

function unknownFact(name: string): InvalidValue {
  const known = [...FACT_NAMES, `${ENVIRONMENT}NAME`, `${TAG}NAME`].join(', ');
  return new InvalidValue([
    { path: [], message: `unknown fact {${name}}`, advice: `Known facts are ${known}` },
  ]);
}

function unavailable(missing: ReadonlyMap<string, string>): FactUnavailable {
  const facts = [...missing].map(([fact, reason]) => ({ fact, reason }));
  const list = facts.map(({ fact, reason }) => `{${fact}} (${reason})`).join(', ');
  return new FactUnavailable(
    `Could not expand ${list}. Give a default, as in {${facts[0]?.fact}|default}, or run again once the fact is available.`,
    { details: { facts } },
  );
}
