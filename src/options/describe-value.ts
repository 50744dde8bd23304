import { isRounded } from './coercions.ts';
import { JsonError, parseJson } from './json.ts';
import { quoteKey } from './quote-name.ts';

/** Returns a value as it is named to the person who gave it, without what may be a secret in it. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (isRounded(value)) return 'a number that JSON cannot hold exactly; put it in quotes';
  if (typeof value !== 'string') return `the ${typeof value} ${value}`;
  return /^\s*[[{]/.test(value)
    ? describeJson(value)
    : `the text ${JSON.stringify(quoteKey(value))}`;
}

/** Text that was meant to be a list or a mapping, which may hold anything. */
function describeJson(text: string): string {
  try {
    return `text that holds ${describeValue(parseJson(text))}`;
  } catch (error) {
    if (error instanceof JsonError) return `text that ${error.message}`;
    throw error;
  }
}
