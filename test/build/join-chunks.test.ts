import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { expect, test } from 'vitest';
import { type Chunk, joinChunks } from '../../scripts/build/join-chunks.ts';

const require = createRequire(import.meta.url);

/**
 * Runs joined chunks in the same way as an executable. Returns the values that the chunks pushed to
 * `log`.
 */
async function run(...chunks: readonly Chunk[]): Promise<unknown[]> {
  const { early, lateChunks, sharedNames } = await joinChunks('entry.js', chunks);
  const log: unknown[] = [];
  const names = ['require', 'late', 'importLate', 'log', ...sharedNames];
  const body = `const made = [];
    const late = (n) => made[n] ??= compile(n)(${names});
    const importLate = async (n) => late(n); ${early}`;
  const compile = (n: number) => compileFunction(lateChunks[n]?.text ?? '', names);
  compileFunction(body, ['require', 'compile', 'log'])(require, compile, log);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return log;
}

test('a static import runs at the start, and a dynamic import runs when it is reached', async () => {
  const log = await run(
    {
      path: 'entry.js',
      text: 'import{a as b}from"./shared.js";import{isIP as i}from"node:net";log.push(b,i("::1"));import("./late.js").then(async e=>log.push(e.value,(await import("./late.js"))===e));',
    },
    { path: 'shared.js', text: 'log.push("shared");var x="from shared";export{x as a};' },
    {
      path: 'late.js',
      text: 'import*as n from"node:path";import{a as o}from"./shared.js";import"./other.js";log.push("late");var v=o+n.sep;export{v as value};',
    },
    { path: 'other.js', text: 'log.push("other");' },
  );
  expect(log).toEqual(['shared', 'from shared', 6, 'other', 'late', 'from shared/', true]);
});

test.each([
  ['an unknown form of import', 'import x from"node:net";log.push(x);', 'Unknown form of import'],
  [
    'an export before the end of a chunk',
    'export var a=1;log.push(a);',
    'does not end with its exports',
  ],
  ['an import() of a variable', 'import(x);', 'known only at run time'],
  [
    'an import() of a chunk that is loaded at the start',
    'import("./entry.js");',
    'imported both statically',
  ],
  ['an import of a missing chunk', 'import{a}from"./nowhere.js";', 'did not write nowhere.js'],
])('joinChunks refuses %s', async (_, text, message) => {
  await expect(joinChunks('entry.js', [{ path: 'entry.js', text }])).rejects.toThrow(message);
});

test('joinChunks refuses a chunk that is imported first with import() and then by a static import', async () => {
  const chunks = [
    { path: 'entry.js', text: 'import("./a.js");import"./a.js";' },
    { path: 'a.js', text: 'log.push(1);' },
  ];
  await expect(joinChunks('entry.js', chunks)).rejects.toThrow('a.js is imported both statically');
});
