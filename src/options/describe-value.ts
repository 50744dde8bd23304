import { mayHaveBeenRounded } from './coercions.ts';
import { JsonError, parseJson } from './json.ts';
import { keyForMessage } from './text-for-messages.ts';

/** Describes a value for an error message. Quotes nothing that may be a secret. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (mayHaveBeenRounded(value)) return 'a number that cannot be read exactly; put it in quotes';
  if (typeof value !== 'string') return `the ${typeof value} ${value}`;
  return /^\s*[[{]/.test(value)
    ? describeJson(value)
    : `the text ${JSON.stringify(keyForMessage(value))}`;
}

/** Describes text that looks like a JSON list or mapping, without quoting it. */
function describeJson(text: string): string {
  try {
    return `text that holds ${describeValue(parseJson(text))}`;
  } catch (error) {
    if (error instanceof JsonError) return `text that ${error.message}`;
    throw error;
  }
}
