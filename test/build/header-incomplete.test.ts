import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { LAST_LINE } from '../../scripts/build/executable-header.ts';
import { makeHeaderFixture, makeNode, SHELLS } from './header-fixture.ts';

const { directory, executable } = await makeHeaderFixture();
const wholeText = await readFile(executable, 'utf8');
const PATH = dirname(await makeNode('20.0.0', join(directory, 'bin')));

/**
 * The end of the third line. If a file is cut off after it, the shell reports that the rest is
 * missing.
 */
const FIRST_CUT = wholeText.indexOf('EXIT\n') + 'EXIT\n'.length;
const HEADER_END = wholeText.indexOf('*/\n') + '*/\n'.length;

/**
 * Returns the lengths at which to cut the file: one every `step` characters, and after each of them
 * the next end of a line.
 */
function cutLengths(from: number, to: number, step: number): number[] {
  const lengths: number[] = [];
  for (let at = from; at < to; at += step) lengths.push(at, wholeText.indexOf('\n', at) + 1);
  return [...new Set(lengths)].filter((at) => at < to);
}

async function runCut(words: readonly string[], length: number) {
  const file = join(directory, 'cut');
  await writeFile(file, wholeText.slice(0, length));
  const [shell = '', ...rest] = words;
  return execa(shell, [...rest, file], {
    env: { PATH: `${PATH}:${process.env['PATH']}` },
    reject: false,
  });
}

const INCOMPLETE_RESULT = {
  changed: false,
  failed: true,
  msg: expect.stringMatching(/ is incomplete\. Copy it to this host again\.$/),
  warnings: [],
  error: { code: 'local_action_failed' },
};

describe.each(SHELLS)('an incomplete executable under $shell', ({ shell }) => {
  test('an executable that is cut off in its header fails with one JSON object', async () => {
    for (const length of cutLengths(FIRST_CUT, HEADER_END, 401)) {
      const { stdout, exitCode } = await runCut(shell, length);
      expect(stdout, `cut after ${length}`).toMatch(/^.*$/);
      expect(JSON.parse(stdout)).toEqual(INCOMPLETE_RESULT);
      expect(exitCode).toBe(1);
    }
  });
});

test('an executable that is cut off after its header fails with one JSON object', async () => {
  const middle = Math.floor((HEADER_END + wholeText.length) / 2);
  for (const length of [HEADER_END - 3, HEADER_END - 1, HEADER_END, middle, wholeText.length - 1]) {
    const { stdout, stderr, exitCode } = await runCut(['sh'], length);
    expect(JSON.parse(stdout), `cut after ${length}`).toEqual(INCOMPLETE_RESULT);
    expect([stderr, exitCode]).toEqual(['', 1]);
  }
});

test('an executable that is cut off anywhere after its first 400 bytes reports that it is incomplete', () => {
  expect(FIRST_CUT).toBeLessThan(400);
  expect(wholeText.indexOf(LAST_LINE)).toBe(wholeText.length - LAST_LINE.length);
});
