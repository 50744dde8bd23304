import { execa } from 'execa';
import { expect, test } from 'vitest';
import { commandLineExamples } from '../../scripts/build/command-line-examples.ts';
import {
  readDocumentation,
  readSharedDocumentation,
} from '../../scripts/build/module-documentation.ts';
import { renderHelp } from '../../scripts/build/render-help.ts';
import { MODULES } from '../../src/modules.ts';

test.each(MODULES)(
  'the help of $name has at most 80 columns and does not mention the type `raw`',
  async ({ name }) => {
    const help = renderHelp(await readDocumentation(name), await readSharedDocumentation());
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(help).not.toMatch(/\braw\)|of raw/);
  },
);

test('a shell passes the options of each example as one argument, which is JSON', async () => {
  const examples = await Promise.all(
    MODULES.map(async ({ name }) => commandLineExamples(await readDocumentation(name))),
  );
  const calls = examples.flat().map((line) => line.replace(/^\S+/, 'printf "%s\\0"'));
  const { stdout } = await execa('sh', ['-c', calls.join('\n')]);
  const options = stdout
    .split('\0')
    .slice(0, -1)
    .map((text) => JSON.parse(text));
  expect(options).toHaveLength(calls.length);
});
