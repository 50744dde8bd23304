import { quoteKey } from './quote-name.ts';

/** Far deeper than any option goes; Node can read what is deeper than it can write. */
const MAX_DEPTH = 100;

/** Why a text is not JSON that can be used; the message quotes nothing of it but a key. */
export class JsonError extends Error {}

/** Parsed as infinite, which no number of a JSON text is meant to be. */
const TOO_LARGE = '1e999';

/** In characters; a number without exponent that is as short is held with all its digits. */
const ALWAYS_EXACT = 15;

/**
 * Parses JSON, and refuses an object that names a key twice (the parser would silently keep the
 * last one) and what is nested more than a hundred levels deep. A number that would silently become
 * another one (`0.12345678901234567890`, `1e-400`) is read as infinite.
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  const value = parse(text);
  const parts = inspect(text);
  return parts.length === 1 ? value : parse(parts.join(TOO_LARGE));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))?.[1];
    throw new JsonError(
      position === undefined ? 'is not JSON' : `is not JSON ${where(text, Number(position))}`,
    );
  }
}

function where(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/**
 * Looks through a valid JSON text for what the parser lets pass. Returns the parts of the text before,
 * between and after the numbers that the parser rounds.
 */
function inspect(text: string): string[] {
  const open: (Set<string> | undefined)[] = [];
  const parts: string[] = [];
  let start = 0;
  const marks = /["{}[\]]|-?\d[\d.eE+-]*/g;
  const colon = /\s*:/y;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    if (mark[0] === '"') {
      marks.lastIndex = endOfString(text, mark.index);
      colon.lastIndex = marks.lastIndex;
      if (!colon.test(text)) continue;
      const key = String(JSON.parse(text.slice(mark.index, marks.lastIndex)));
      const keys = open.at(-1);
      if (keys?.has(key)) throw new JsonError(`names the key "${quoteKey(key)}" twice`);
      keys?.add(key);
    } else if (mark[0] === '{' || mark[0] === '[') {
      open.push(mark[0] === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH)
        throw new JsonError(`is nested more than ${MAX_DEPTH} levels deep`);
    } else if (mark[0] === '}' || mark[0] === ']') {
      open.pop();
    } else if (!isExact(mark[0])) {
      parts.push(text.slice(start, mark.index));
      start = marks.lastIndex;
    }
  }
  return [...parts, text.slice(start)];
}

/** Whether a number is the same, as a decimal, after it was read and written again. */
function isExact(number: string): boolean {
  if (number.length <= ALWAYS_EXACT && !/e/i.test(number)) return true;
  return decimal(number) === decimal(String(Number(number)));
}

/** Returns a number without its sign in one spelling: all that counts of its digits, and an exponent. */
function decimal(number: string): string {
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

/** Where the string that starts at `start` is over. A regular expression would run out of stack. */
function endOfString(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1);
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
}
