import { type FactReferences, withDefault } from '../options/option.ts';
import { boolean } from '../options/scalars.ts';

/** The option of every module that expands references to facts. */
export const factsOptions = { expand_facts: withDefault(boolean(), false) };

/** Loads what expands the references of a call. */
export async function loadReferences(): Promise<FactReferences> {
  const { References } = await import('../facts/expand.ts');
  return new References();
}
