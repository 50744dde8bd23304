import { coerceWith } from './coerce-with.ts';
import { coerceBoolean, coerceText } from './coercions.ts';
import type { Option } from './option.ts';

/** Reads text. Converts a number or boolean to text. */
export const toText = coerceWith('text', coerceText);

/** Reads a boolean in any of Ansible's spellings. */
export const toBoolean = coerceWith(
  'true or false (or yes/no, on/off, 1/0, t/f, y/n)',
  coerceBoolean,
);

/** Defines an option that takes text. */
export function text(): Option<string | undefined> {
  return { type: 'str', read: toText };
}

/** Defines an option that takes text. References to facts in the text are expanded. */
export function expandableText(): Option<string | undefined> {
  return {
    type: 'str',
    isExpandable: true,
    read: (value, { expansion }) => {
      const text = toText(value);
      return expansion === undefined ? text : expansion.expand(text);
    },
  };
}

/** Defines an option that takes a boolean. */
export function boolean(): Option<boolean | undefined> {
  return { type: 'bool', read: toBoolean };
}
