import { quoteKey } from './quote.ts';

/** Far deeper than any option goes; Node can read what is deeper than it can write. */
const DEEPEST = 100;

/** Why a text is not JSON that can be used; the message quotes nothing of it but a key. */
export class JsonError extends Error {}

/**
 * Parses JSON, and refuses an object that names a key twice (the parser would silently keep the
 * last one) and what is nested more than a hundred levels deep.
 * @throws JsonError
 */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))?.[1];
    throw new JsonError(
      position === undefined ? 'is not JSON' : `is not JSON ${where(text, Number(position))}`,
    );
  }
  inspect(text);
  return value;
}

function where(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** Looks through a valid JSON text for what the parser lets pass. */
function inspect(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  const marks = /["{}[\]]/g;
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
      if (open.length > DEEPEST) throw new JsonError(`is nested more than ${DEEPEST} levels deep`);
    } else {
      open.pop();
    }
  }
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
