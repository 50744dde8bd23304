import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import { expect, test } from 'vitest';
import { type Chunk, joinChunks } from '../../scripts/build/join-chunks.ts';

const require = createRequire(import.meta.url);

/** Runs the parts as an executable does; gives what they have pushed to `said`. */
async function run(...chunks: readonly Chunk[]): Promise<unknown[]> {
  const { early, lateChunks, shared } = await joinChunks('entry.js', chunks);
  const said: unknown[] = [];
  const names = ['require', 'late', 'importLate', 'said', ...shared];
  const body = `const made = [];
    const late = (n) => made[n] ??= compile(n)(${names});
    const importLate = async (n) => late(n); ${early}`;
  const compile = (n: number) => compileFunction(lateChunks[n]?.text ?? '', names);
  compileFunction(body, ['require', 'compile', 'said'])(require, compile, said);
  await new Promise((resolve) => setTimeout(resolve, 10));
  return said;
}

test('what is imported at the start is there at the start, the rest when it is asked for', async () => {
  const said = await run(
    {
      path: 'entry.js',
      text: 'import{a as b}from"./shared.js";import{isIP as i}from"node:net";said.push(b,i("::1"));import("./late.js").then(async e=>said.push(e.value,(await import("./late.js"))===e));',
    },
    { path: 'shared.js', text: 'said.push("shared");var x="from shared";export{x as a};' },
    {
      path: 'late.js',
      text: 'import*as n from"node:path";import{a as o}from"./shared.js";import"./other.js";said.push("late");var v=o+n.sep;export{v as value};',
    },
    { path: 'other.js', text: 'said.push("other");' },
  );
  expect(said).toEqual(['shared', 'from shared', 6, 'other', 'late', 'from shared/', true]);
});

test.each([
  [
    'an import that is not known',
    'import x from"node:net";said.push(x);',
    'unknown kind of import',
  ],
  ['an export in the middle', 'export var a=1;said.push(a);', 'does not export at the end'],
  ['an import of what a variable says', 'import(x);', 'shows at run time only'],
  ['an import() of what is there already', 'import("./entry.js");', 'imported at the start'],
  ['a chunk that is not there', 'import{a}from"./nowhere.js";', 'wrote no nowhere.js'],
])('%s fails the build', async (_, text, message) => {
  await expect(joinChunks('entry.js', [{ path: 'entry.js', text }])).rejects.toThrow(message);
});

test('an import() of what is imported at the start, further down, fails the build', async () => {
  const chunks = [
    { path: 'entry.js', text: 'import("./a.js");import"./a.js";' },
    { path: 'a.js', text: 'said.push(1);' },
  ];
  await expect(joinChunks('entry.js', chunks)).rejects.toThrow('a.js is imported at the start');
});
