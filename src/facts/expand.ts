import { FactUnavailable } from '../base/errors.ts';
import { truncate } from '../base/printable.ts';
import { InvalidValue } from '../options/invalid-value.ts';
import { nearestName } from '../options/nearest-name.ts';
import type { FactReferences, TextExpansion, UsedFacts } from '../options/option.ts';
import { nameForMessage } from '../options/text-for-messages.ts';
import { ENVIRONMENT_PREFIX, FACT_NAMES, type Fact, isKnownFact, TAG_PREFIX } from './fact.ts';
import { readFacts } from './read-facts.ts';
import { findReferences, type Reference, replaceReferences } from './references.ts';

/**
 * A text with references. `whyNotEmpty` says why the expanded text must not be empty; undefined if
 * it may be empty.
 */
interface TextWithReferences {
  readonly text: string;
  readonly whyNotEmpty: string | undefined;
}

/** Collects the references to facts during the first reading of the options. */
export class References implements FactReferences {
  readonly #texts: TextWithReferences[] = [];

  hasUnreadFacts(text: string): boolean {
    return findReferences(text).length > 0;
  }

  /**
   * Records the references of a text. Returns the text unchanged, because no fact has been read
   * yet.
   */
  expand(text: string, whyNotEmpty?: string): string {
    const references = findReferences(text);
    const unknown = references.map(({ fact }) => fact).filter((fact) => !isKnownFact(fact));
    if (unknown.length > 0) throw unknownFactsError([...new Set(unknown)]);
    if (references.length > 0) this.#texts.push({ text, whyNotEmpty });
    return text;
  }

  async resolveFacts(
    signal: AbortSignal,
    report: (facts: UsedFacts) => void,
  ): Promise<TextExpansion> {
    const references = this.#texts.flatMap(({ text }) => findReferences(text));
    const facts = await readFacts(
      references.map(({ fact }) => fact),
      signal,
    );
    const expansion = new Expansion(facts);
    report(expansion.usedFacts(references));
    const missing = new Map<string, string>();
    for (const { text, whyNotEmpty } of this.#texts) {
      const isEmpty = whyNotEmpty !== undefined && expansion.expand(text) === '';
      for (const { fact, fallback } of findReferences(text)) {
        const found = facts.get(fact);
        if (found === undefined || 'value' in found) continue;
        if (isEmpty) missing.set(fact, `${found.reason}; ${whyNotEmpty}`);
        else if (fallback === undefined && !missing.has(fact)) missing.set(fact, found.reason);
      }
    }
    if (missing.size > 0) throw unavailableError(missing);
    return expansion;
  }
}

/** Replaces references with values during the second reading of the options. */
class Expansion implements TextExpansion {
  readonly #facts: ReadonlyMap<string, Fact>;

  constructor(facts: ReadonlyMap<string, Fact>) {
    this.#facts = facts;
  }

  hasUnreadFacts(): boolean {
    return false;
  }

  expand(text: string): string {
    return replaceReferences(text, (reference) => this.#valueOf(reference) ?? '');
  }

  /**
   * Returns the value or default of each fact. Returns a list for a fact whose references have
   * different defaults.
   */
  usedFacts(references: readonly Reference[]): UsedFacts {
    const valuesByFact = new Map<string, Set<string>>();
    for (const reference of references) {
      const value = this.#valueOf(reference);
      if (value === undefined) continue;
      const values = valuesByFact.get(reference.fact) ?? new Set();
      valuesByFact.set(reference.fact, values.add(value));
    }
    return Object.fromEntries(
      [...valuesByFact].map(([fact, [value = '', ...others]]) => [
        fact,
        others.length > 0 ? [value, ...others] : value,
      ]),
    );
  }

  #valueOf({ fact, fallback }: Reference): string | undefined {
    const found = this.#facts.get(fact);
    return found !== undefined && 'value' in found ? found.value : fallback;
  }
}

function unknownFactsError(names: readonly string[]): InvalidValue {
  const known = [...FACT_NAMES, `${ENVIRONMENT_PREFIX}NAME`, `${TAG_PREFIX}NAME`].join(', ');
  const issues = names.map((name) => {
    const nearest = nearestName(name, FACT_NAMES);
    const hint = nearest === undefined ? '' : `; did you mean {${nearest}}?`;
    const message = `unknown fact {${nameForMessage(name)}}${hint}`;
    return { path: [], message, advice: `Known facts are ${known}` };
  });
  return new InvalidValue(issues);
}

function unavailableError(missing: ReadonlyMap<string, string>): FactUnavailable {
  const facts = [...missing].map(([fact, reason]) => ({ fact, reason }));
  const list = facts.map(({ fact, reason }) => `{${truncate(fact)}} (${reason})`).join(', ');
  return new FactUnavailable(
    [
      `Could not expand ${list}.`,
      `Give a default, as in {${truncate(facts[0]?.fact ?? '')}|default}, or run again once the fact is available.`,
    ],
    { details: { facts } },
  );
}
