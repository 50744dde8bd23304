import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;
const TESTS = new URL('../', import.meta.url).pathname;

/** The files below a folder, relative to it. */
async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length))
    .sort();
}

/** The examples whose path, as in `shell/boot.sh`, stands in none of the texts as a whole. */
function unnamed(examples: readonly string[], tests: readonly string[]): string[] {
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
  expect(unnamed(examples, texts)).toEqual([]);
});

describe('a file that no test names is found out', () => {
  test.each([
    ['it is nowhere', "place('shell/other.sh')", ['shell/boot.sh']],
    ['it is only the end of another', "place('old-shell/boot.sh')", ['shell/boot.sh']],
    ['it is in a folder of another', "place('old/shell/boot.sh')", ['shell/boot.sh']],
    ['it is only the beginning of another', "place('shell/boot.sh.j2')", ['shell/boot.sh']],
    ['it is named', "place('shell/boot.sh')", []],
    ['it is named in a sentence', 'runs shell/boot.sh.', []],
    ['it is named with its whole path', "'../ansible-examples/shell/boot.sh'", []],
  ])('%s', (_, text, expected) => {
    expect(unnamed(['shell/boot.sh'], [text])).toEqual(expected);
  });
});
