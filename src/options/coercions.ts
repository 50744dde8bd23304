import { parseJson } from './json.ts';

/**
 * The functions in this file convert option values. Ansible passes text from the one-line form of a
 * task, and native types from YAML. Each conversion returns undefined for a value that it does not
 * accept.
 */

const TRUE_WORDS = new Set(['yes', 'on', '1', 'true', 't', 'y']);
const FALSE_WORDS = new Set(['no', 'off', '0', 'false', 'f', 'n']);

/** Converts any of Ansible's spellings of a boolean, in upper or lower case. */
export function coerceBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = String(coerceText(value) ?? '')
    .trim()
    .toLowerCase();
  if (TRUE_WORDS.has(text)) return true;
  return FALSE_WORDS.has(text) ? false : undefined;
}

/** Converts text, a boolean or a number to text. Rejects a number that parsing may have rounded. */
export function coerceText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (mayHaveBeenRounded(value)) return undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/**
 * Returns whether a value is a number that parsing may have rounded: an integer of more than 53
 * bits, or infinity, which `parseJson` returns for a rounded number.
 */
export function mayHaveBeenRounded(value: unknown): boolean {
  if (typeof value !== 'number') return false;
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

/** Converts a number or decimal text to a number. */
export function coerceNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** Converts a list, comma-separated text, JSON text or a single number to a list. */
export function coerceList(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value === 'number') return [value];
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (text === '') return [];
  if (!text.startsWith('[')) return text.split(',').map((item) => item.trim());
  const parsed = tryParseJson(text);
  return Array.isArray(parsed) ? parsed : undefined;
}

/** Converts a mapping or JSON text to a mapping. */
export function coerceMapping(value: unknown): Record<string, unknown> | undefined {
  const mapping = typeof value === 'string' ? tryParseJson(value) : value;
  return typeof mapping === 'object' && mapping !== null && !Array.isArray(mapping)
    ? (mapping as Record<string, unknown>)
    : undefined;
}

function tryParseJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
