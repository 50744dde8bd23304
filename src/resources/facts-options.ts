import { withDefault } from '../options/option.ts';
import { boolean } from '../options/scalars.ts';

/** The option of every module that expands references to facts. */
export const factsOptions = { expand_facts: withDefault(boolean(), false) };
