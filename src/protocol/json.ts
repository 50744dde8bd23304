/** Why a text is not JSON that can be used; the message never quotes the text. */
export class JsonError extends Error {}

/**
 * Parses JSON, and refuses an object that names a key twice: the parser would silently keep the
 * last one.
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
  const twice = repeatedKey(text);
  if (twice !== undefined) throw new JsonError(`names the key "${twice}" twice`);
  return value;
}

function where(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** The first key that an object of this valid JSON text names twice. */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (const [, string, colon, bracket] of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|([{}[\]])/g)) {
    if (bracket === '{') open.push(new Set());
    else if (bracket === '[') open.push(undefined);
    else if (bracket !== undefined) open.pop();
    else if (colon !== undefined && string !== undefined) {
      const key = String(JSON.parse(string));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
