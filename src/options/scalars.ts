import { expecting } from './expecting.ts';
import type { Option } from './option.ts';
import { readBoolean, readText } from './spellings.ts';

/** Text, from text, a number or a boolean. */
export const toText = expecting('text', readText);

/** A boolean, in Ansible's spellings. */
export const toBoolean = expecting('true or false (or yes/no, on/off, 1/0, t/f, y/n)', readBoolean);

/** Text. */
export function text(): Option<string | undefined> {
  return { type: 'str', read: toText };
}

/** A switch, in Ansible's spellings. */
export function boolean(): Option<boolean | undefined> {
  return { type: 'bool', read: toBoolean };
}
