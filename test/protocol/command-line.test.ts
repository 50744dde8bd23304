import { describe, expect, test } from 'vitest';
import { commandLineFlags } from '../../scripts/build/command-line-flags.ts';
import { readCommandLine } from '../../src/protocol/command-line.ts';

const message = (...words: string[]) => {
  try {
    readCommandLine(words);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

test('every flag that the help shows is known, and no other', () => {
  const shown = Object.keys(commandLineFlags).flatMap((flags) => flags.split(', '));
  for (const flag of shown) expect(message(flag, '{}'), flag).toBe(undefined);
  const known = message('--bogus')
    ?.match(/known are (.*)\.$/)?.[1]
    ?.split(', ');
  expect(known).toEqual(shown.filter((flag) => flag.startsWith('--')));
});

test.each([
  [[], undefined],
  [['-'], { from: 'stdin' }],
  [['/dev/stdin'], { from: 'stdin' }],
  [['--json', '{}'], { from: 'text', text: '{}' }],
  [['\ufeff {}'], { from: 'text', text: '\ufeff {}' }],
  [['["a"]'], { from: 'text', text: '["a"]' }],
  [['host.json', '--json'], { from: 'file', path: 'host.json' }],
  [['a{b'], { from: 'file', path: 'a{b' }],
])('the words %j say where the options are: %j', (words, source) => {
  expect(readCommandLine(words).source).toEqual(source);
});

describe('an unknown flag', () => {
  test.each([
    ['--api_key=geheim', '--api_key'],
    ['--api_key:geheim', '--api_key'],
    ['-pgeheim', '-p'],
    ['-😀geheim', '-😀'],
    [`--${'a1'.repeat(20)}`, '********'],
    ['--', '--'],
    [`--${'long-'.repeat(20)}`, `--${'long-'.repeat(11)}lon…`],
  ])('%s is quoted as %s', (flag, quoted) => {
    expect(message(flag, '{}')).toMatch(`Unknown flag ${quoted}; known are --check, `);
  });

  test('does not matter beside --help, -h and --version', () => {
    for (const flag of ['--help', '-h']) {
      expect(readCommandLine(['--bogus', flag, 'a', 'b'])).toMatchObject({ help: true });
    }
    expect(readCommandLine(['--bogus', '--version'])).toMatchObject({ version: true });
  });
});
