import { parseJson } from './json.ts';

/**
 * Ansible's spellings of a value, as text in the one-line form of a task and as native types in
 * YAML. Each function gives undefined for what is no spelling of its kind.
 */

const TRUE = new Set(['yes', 'on', '1', 'true', 't', 'y']);
const FALSE = new Set(['no', 'off', '0', 'false', 'f', 'n']);

/** A boolean, in any of Ansible's spellings and any case. */
export function coerceBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const text = String(coerceText(value) ?? '')
    .trim()
    .toLowerCase();
  if (TRUE.has(text)) return true;
  return FALSE.has(text) ? false : undefined;
}

/** Text; a number or boolean becomes text, unless it is no longer the number that was written. */
export function coerceText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (isRounded(value)) return undefined;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/**
 * Whether a number may not be the one that was written: JSON's reader keeps 53 bits, and `parseJson`
 * makes a fraction that needs more infinite.
 */
export function isRounded(value: unknown): boolean {
  if (typeof value !== 'number') return false;
  return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
}

/** A number, with fractions, from a number or its digits. */
export function coerceNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
}

/** A list, from a list, comma-separated text, JSON text, or a single number. */
export function coerceList(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value === 'number') return [value];
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (text === '') return [];
  if (!text.startsWith('[')) return text.split(',').map((item) => item.trim());
  const parsed = tryJson(text);
  return Array.isArray(parsed) ? parsed : undefined;
}

/** A mapping, from a mapping or JSON text. */
export function coerceMapping(value: unknown): Record<string, unknown> | undefined {
  const mapping = typeof value === 'string' ? tryJson(value) : value;
  return typeof mapping === 'object' && mapping !== null && !Array.isArray(mapping)
    ? (mapping as Record<string, unknown>)
    : undefined;
}

function tryJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
