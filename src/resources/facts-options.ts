import { type FactReferences, withDefault } from '../options/option.ts';
import { boolean } from '../options/scalars.ts';

/**
 * The option that turns on the expansion of references to facts. Only modules that support the
 * expansion have it.
 */
export const factsOptions = { expand_facts: withDefault(boolean(), false) };

/**
 * Loads the code that expands references to facts. Returns an object that collects the references
 * in the options of one call.
 */
export async function loadReferenceCollector(): Promise<FactReferences> {
  const { References } = await import('../facts/expand.ts');
  return new References();
}
