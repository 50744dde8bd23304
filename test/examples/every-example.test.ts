import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;
const TESTS = new URL('../', import.meta.url).pathname;

/** Returns the paths of all files below a directory, relative to that directory. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length))
    .sort();
}

/**
 * Returns the examples whose whole relative path, such as `shell/boot.sh`, occurs in none of the
 * texts.
 */
function findUnnamed(examples: readonly string[], tests: readonly string[]): string[] {
  return examples.filter((example) => {
    const escaped = example.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const named = new RegExp(`(?:(?<![\\w./-])|(?<=ansible-examples/))${escaped}(?![\\w-]|\\.\\w)`);
    return !tests.some((text) => named.test(text));
  });
}

test('every file of ansible-examples is named in a test', async () => {
  const tests = (await filesBelow(TESTS)).filter(
    (name) => name.endsWith('.test.ts') && basename(name) !== basename(import.meta.filename),
  );
  const texts = await Promise.all(tests.map((name) => readFile(join(TESTS, name), 'utf8')));
  const examples = await filesBelow(EXAMPLES);
  expect(examples).toContain('shell/boot.sh');
  expect(findUnnamed(examples, texts)).toEqual([]);
});

describe('findUnnamed', () => {
  test.each([
    [
      'an example that the text does not contain is reported',
      "place('shell/other.sh')",
      ['shell/boot.sh'],
    ],
    [
      'an example that ends the path of another file is reported',
      "place('old-shell/boot.sh')",
      ['shell/boot.sh'],
    ],
    [
      'an example of the same path in another directory is reported',
      "place('old/shell/boot.sh')",
      ['shell/boot.sh'],
    ],
    [
      'an example that begins the path of another file is reported',
      "place('shell/boot.sh.j2')",
      ['shell/boot.sh'],
    ],
    ['an example between quotes is not reported', "place('shell/boot.sh')", []],
    ['an example inside a sentence is not reported', 'runs shell/boot.sh.', []],
    [
      'an example behind the path of ansible-examples is not reported',
      "'../ansible-examples/shell/boot.sh'",
      [],
    ],
  ])('%s', (_, text, expected) => {
    expect(findUnnamed(['shell/boot.sh'], [text])).toEqual(expected);
  });
});
