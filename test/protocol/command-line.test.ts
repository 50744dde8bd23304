import { describe, expect, test } from 'vitest';
import { commandLineFlags } from '../../scripts/build/command-line-flags.ts';
import { readCommandLine } from '../../src/protocol/command-line.ts';

const errorMessageOf = (...args: string[]) => {
  try {
    readCommandLine(args);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

test('readCommandLine knows exactly the flags that --help shows', () => {
  const shown = Object.keys(commandLineFlags).flatMap((flags) => flags.split(', '));
  for (const flag of shown) expect(errorMessageOf(flag, '{}'), flag).toBe(undefined);
  const known = errorMessageOf('--bogus')
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
])('readCommandLine(%j) returns the source %j', (args, source) => {
  expect(readCommandLine(args).source).toEqual(source);
});

describe('an unknown flag', () => {
  test.each([
    ['--api_key=geheim', '--api_key'],
    ['--api_key:geheim', '--api_key'],
    ['--api_key geheim', '--api_key'],
    ['--api_key\ngeheim', '--api_key'],
    ['-pgeheim', '-p'],
    ['-😀geheim', '-😀'],
    [`--${'a1'.repeat(20)}`, '********'],
    ['--', '--'],
    [`--${'long-'.repeat(20)}`, `--${'long-'.repeat(11)}lon…`],
  ])('the unknown flag %s is quoted as %s', (flag, quoted) => {
    expect(errorMessageOf(flag, '{}')).toMatch(`Unknown flag ${quoted}; known are --check, `);
  });

  test.each(['--check=yes', '--json=geheim', '--validate {}'])(
    'the flag in %j is reported as a flag that takes no value',
    (flag) => {
      const known = /^[a-z-]*/.exec(flag)?.[0];
      expect(errorMessageOf(flag)).toBe(
        `The flag ${known} takes no value; give ${known} alone, or leave it out.`,
      );
    },
  );

  test('an unknown flag is ignored with --help, -h or --version', () => {
    for (const flag of ['--help', '-h']) {
      expect(readCommandLine(['--bogus', flag, 'a', 'b'])).toMatchObject({ help: true });
    }
    expect(readCommandLine(['--bogus', '--version'])).toMatchObject({ version: true });
  });
});
