import { type FactReferences, withDefault } from '../options/option.ts';
import { boolean } from '../options/scalars.ts';

/** The option of the modules that can expand references to facts. */
export const factsOptions = { expand_facts: withDefault(boolean(), false) };

/**
 * Loads the code that expands references to facts. Returns an object that collects the references
 * in the options of one call.
 */
export async function loadReferenceCollector(): Promise<FactReferences> {
  const { References } = await import('../facts/expand.ts');
  return new References();
}
