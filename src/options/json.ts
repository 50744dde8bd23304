import { keyForMessage } from './text-for-messages.ts';

/**
 * The maximum depth of nesting, far above the depth of any option. JSON.parse accepts deeper values
 * than JSON.stringify can write.
 */
const MAX_DEPTH = 100;

/**
 * The error for text that is not usable JSON. The message is printed after the name of the text. It
 * may quote keys of the text, but no values.
 */
export class JsonError extends Error {}

/** A JSON number that is parsed as infinity, which no option accepts. */
const INFINITE_NUMBER = '1e999';

/**
 * The maximum length, in characters, at which a number without an exponent is parsed without losing
 * digits.
 */
const MAX_EXACT_NUMBER_LENGTH = 15;

/**
 * Parses JSON more strictly than JSON.parse. Rejects duplicate keys, and nesting of more than a
 * hundred levels. A number that JSON.parse would round, even a small one such as `1e-400`, becomes
 * infinity, so that options reject it.
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  const value = parseStandardJson(text);
  const parts = checkAndSplitAtInexactNumbers(text);
  return parts.length === 1 ? value : parseStandardJson(parts.join(INFINITE_NUMBER));
}

function parseStandardJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const lines = text.slice(0, findErrorPosition(error, text)).split('\n');
    throw new JsonError(
      `is not JSON (line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1})`,
    );
  }
}

/** Matches V8's messages for a text that ends too early. */
const INCOMPLETE_JSON = /^SyntaxError: (?:Unexpected end of JSON input|Unterminated)/;
/** Matches the position at the end of some of V8's messages. */
const ERROR_POSITION = / JSON at position (\d+)(?: \(line \d+ column \d+\))?$/;

/**
 * Returns the number of characters before the first syntax error. If V8 reports no position,
 * searches for the longest prefix that can be continued to valid JSON.
 */
function findErrorPosition(error: unknown, text: string): number {
  const given = ERROR_POSITION.exec(String(error))?.[1];
  if (given !== undefined) return Number(given);
  if (INCOMPLETE_JSON.test(String(error))) return text.length;
  let [validLength, invalidLength] = [0, text.length + 1];
  while (invalidLength - validLength > 1) {
    const length = (validLength + invalidLength) >> 1;
    if (isJsonPrefix(text.slice(0, length))) validLength = length;
    else invalidLength = length;
  }
  return validLength;
}

/** Returns whether a text is JSON, or a prefix of JSON. */
function isJsonPrefix(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const position = ERROR_POSITION.exec(String(error))?.[1];
    return INCOMPLETE_JSON.test(String(error)) || Number(position) >= text.length;
  }
}

/**
 * Checks valid JSON for duplicate keys and deep nesting. Splits the text at each number that
 * JSON.parse would round, and returns the parts.
 * @throws JsonError
 */
function checkAndSplitAtInexactNumbers(text: string): string[] {
  const openContainers: (Set<string> | undefined)[] = [];
  const parts: string[] = [];
  let start = 0;
  const tokens = /["{}[\]]|-?\d[\d.eE+-]*/g;
  const colon = /\s*:/y;
  for (let token = tokens.exec(text); token !== null; token = tokens.exec(text)) {
    if (token[0] === '"') {
      tokens.lastIndex = findStringEnd(text, token.index);
      colon.lastIndex = tokens.lastIndex;
      if (!colon.test(text)) continue;
      const key = String(JSON.parse(text.slice(token.index, tokens.lastIndex)));
      const keys = openContainers.at(-1);
      if (keys?.has(key)) throw new JsonError(`contains the key "${keyForMessage(key)}" twice`);
      keys?.add(key);
    } else if (token[0] === '{' || token[0] === '[') {
      openContainers.push(token[0] === '{' ? new Set() : undefined);
      if (openContainers.length > MAX_DEPTH)
        throw new JsonError(`is nested more than ${MAX_DEPTH} levels deep`);
    } else if (token[0] === '}' || token[0] === ']') {
      openContainers.pop();
    } else if (!isExact(token[0])) {
      parts.push(text.slice(start, token.index));
      start = tokens.lastIndex;
    }
  }
  return [...parts, text.slice(start)];
}

/** Returns whether a number keeps its decimal value when it is parsed and printed. */
function isExact(number: string): boolean {
  if (number.length <= MAX_EXACT_NUMBER_LENGTH && !/e/i.test(number)) return true;
  return normalizeNumber(number) === normalizeNumber(String(Number(number)));
}

/**
 * Converts a decimal number to a form for comparisons: significant digits and an exponent, without
 * sign.
 */
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

/**
 * Returns the index after the JSON string that begins at `start`. Searches without a regular
 * expression, which could overflow the stack.
 */
function findStringEnd(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}
