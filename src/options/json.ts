import { quoteKey } from './quote-name.ts';

/**
 * Far more than any option has. Needed because JSON.parse accepts deeper nesting than
 * JSON.stringify.
 */
const MAX_DEPTH = 100;

/**
 * A text is not usable JSON. The message is printed after the text's name, and quotes nothing from
 * the text except a key.
 */
export class JsonError extends Error {}

/** Parsed as infinity, which no valid option has. */
const TOO_LARGE = '1e999';

/** In characters. A number of this length without exponent always keeps all its digits. */
const ALWAYS_EXACT = 15;

/**
 * Parses JSON. Refuses duplicate keys, of which JSON.parse would silently keep the last, and
 * nesting of more than a hundred levels. Returns infinity for a number that JSON.parse would
 * silently round (`0.12345678901234567890`, `1e-400`).
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  const value = parseText(text);
  const parts = splitAtRounded(text);
  return parts.length === 1 ? value : parseText(parts.join(TOO_LARGE));
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const lines = text.slice(0, errorPosition(error, text)).split('\n');
    throw new JsonError(
      `is not JSON (line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1})`,
    );
  }
}

/** Messages of V8 for a text that ends too early. Other messages may quote the text. */
const INCOMPLETE = /^SyntaxError: (?:Unexpected end of JSON input|Unterminated)/;
/** The end of V8's messages that have a position. These do not quote the text. */
const POSITION = / JSON at position (\d+)(?: \(line \d+ column \d+\))?$/;

/**
 * Returns the number of characters before the first error. Newer versions of V8 report its position
 * only for some errors. For the others, it is the longest start of the text that could be continued.
 */
function errorPosition(error: unknown, text: string): number {
  const given = POSITION.exec(String(error))?.[1];
  if (given !== undefined) return Number(given);
  if (INCOMPLETE.test(String(error))) return text.length;
  let [good, bad] = [0, text.length + 1];
  while (bad - good > 1) {
    const length = (good + bad) >> 1;
    if (canContinue(text.slice(0, length))) good = length;
    else bad = length;
  }
  return good;
}

/** Returns whether a text is JSON, or would be if something followed. */
function canContinue(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const position = POSITION.exec(String(error))?.[1];
    return INCOMPLETE.test(String(error)) || Number(position) >= text.length;
  }
}

/**
 * Checks a valid JSON text for duplicate keys and deep nesting. Returns the parts of the text
 * before, between and after the numbers that JSON.parse rounds.
 * @throws JsonError
 */
function splitAtRounded(text: string): string[] {
  const open: (Set<string> | undefined)[] = [];
  const parts: string[] = [];
  let start = 0;
  const tokens = /["{}[\]]|-?\d[\d.eE+-]*/g;
  const colon = /\s*:/y;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '"') {
      tokens.lastIndex = endOfString(text, token.index);
      colon.lastIndex = tokens.lastIndex;
      if (!colon.test(text)) continue;
      const key = String(JSON.parse(text.slice(token.index, tokens.lastIndex)));
      const keys = open.at(-1);
      if (keys?.has(key)) throw new JsonError(`names the key "${quoteKey(key)}" twice`);
      keys?.add(key);
    } else if (token[0] === '{' || token[0] === '[') {
      open.push(token[0] === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH)
        throw new JsonError(`is nested more than ${MAX_DEPTH} levels deep`);
    } else if (token[0] === '}' || token[0] === ']') {
      open.pop();
    } else if (!isExact(token[0])) {
      parts.push(text.slice(start, token.index));
      start = tokens.lastIndex;
    }
  }
  return [...parts, text.slice(start)];
}

/** Returns whether a number has the same decimal value after it was parsed and printed again. */
function isExact(number: string): boolean {
  if (number.length <= ALWAYS_EXACT && !/e/i.test(number)) return true;
  return normalizeNumber(number) === normalizeNumber(String(Number(number)));
}

/** Returns a number without sign in a normal form: its significant digits and an exponent. */
function normalizeNumber(number: string): string {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(number) ?? [];
  const digits = whole + fraction;
  let start = 0;
  while (digits[start] === '0') start++;
  let end = digits.length;
  while (end > start && digits[end - 1] === '0') end--;
  if (start === end) return '0';
  return `${digits.slice(start, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}

/** Returns the end of a string. A regular expression for it would overflow the stack. */
function endOfString(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}
