import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { END_LINE } from '../../scripts/build/executable-header.ts';
import { headerStage, nodeOf, SHELLS } from './header-stage.ts';

const { directory, executable } = await headerStage();
const whole = await readFile(executable, 'utf8');
const PATH = dirname(await nodeOf('20.0.0', join(directory, 'bin')));

/** Behind it a shell can say that the rest is missing. It is the third line's. */
const FIRST_CUT = whole.indexOf('EXIT\n') + 'EXIT\n'.length;
const HEADER_END = whole.indexOf('*/\n') + '*/\n'.length;

/** Places to cut: every so many characters, each followed by the next end of a line. */
function cuts(from: number, to: number, step: number): number[] {
  const places: number[] = [];
  for (let at = from; at < to; at += step) places.push(at, whole.indexOf('\n', at) + 1);
  return [...new Set(places)].filter((at) => at < to);
}

async function runCut(words: readonly string[], length: number) {
  const file = join(directory, 'cut');
  await writeFile(file, whole.slice(0, length));
  const [shell = '', ...rest] = words;
  return execa(shell, [...rest, file], {
    env: { PATH: `${PATH}:${process.env['PATH']}` },
    reject: false,
  });
}

const INCOMPLETE = {
  changed: false,
  failed: true,
  msg: expect.stringMatching(/ is incomplete\. Copy it to this host again\.$/),
  warnings: [],
  error: { code: 'local_action_failed' },
};

describe.each(SHELLS)('under $shell', ({ shell }) => {
  test('an executable that was cut off in its header fails with one object', async () => {
    for (const length of cuts(FIRST_CUT, HEADER_END, 401)) {
      const { stdout, exitCode } = await runCut(shell, length);
      expect(stdout, `cut after ${length}`).toMatch(/^.*$/);
      expect(JSON.parse(stdout)).toEqual(INCOMPLETE);
      expect(exitCode).toBe(1);
    }
  });
});

test('an executable that was cut off behind its header fails with one object', async () => {
  const middle = Math.floor((HEADER_END + whole.length) / 2);
  for (const length of [HEADER_END - 3, HEADER_END - 1, HEADER_END, middle, whole.length - 1]) {
    const { stdout, stderr, exitCode } = await runCut(['sh'], length);
    expect(JSON.parse(stdout), `cut after ${length}`).toEqual(INCOMPLETE);
    expect([stderr, exitCode]).toEqual(['', 1]);
  }
});

test('only the first 400 bytes cannot say that the rest is missing', () => {
  expect(FIRST_CUT).toBeLessThan(400);
  expect(whole.indexOf(END_LINE)).toBe(whole.length - END_LINE.length);
});
