import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { toYaml } from '../../../src/protocol/text/yaml.ts';
import fc from '../../harness/fast-check.ts';

/** Texts that look like something else in YAML, or that control a terminal. */
const AMBIGUOUS_TEXTS = [
  ...['', ' ', 'yes', 'No', 'ON', 'null', 'Null', '~', '1', '-1', '1e3', '1_000', '0x1f', '0o17'],
  ...['0b1', '.5', '1.', '.inf', '2026-01-01', '12:30', '- a', 'a: b', 'a #b', '#a', '? a', '<<'],
  ...['a\nb', 'a\r', '\t', 'a ', ' a', '\x1b[2J', '\u202e', '\u0085', '\u2028', '"', "'", '*a'],
  ...['&a', '!a', '%a', '@a', '`a', '|', '>', '[a', '{a', 'a,b', '=', '...', '---', '\ud800'],
];
const text = fc.oneof(
  fc.constantFrom(...AMBIGUOUS_TEXTS),
  fc.string(),
  fc.string({ unit: 'binary' }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    ...[text, fc.integer(), fc.boolean(), fc.constant(null)],
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test.each(['1.1', '1.2'] as const)(
  'toYaml prints any JSON value so that a YAML %s parser returns the same value',
  (version) => {
    fc.assert(
      fc.property(value, (given) => {
        const lines = toYaml(given).join('\n');
        expect(parse(lines, { version, merge: false })).toEqual(given);
      }),
    );
  },
);

test('no character in YAML can control a terminal', () => {
  fc.assert(
    fc.property(value, (given) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
      expect(toYaml(given).join('')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
    }),
  );
});

test('toYaml prints ids, names, and texts of the form `name (id)` without quotes', () => {
  const id = '5f1a3b0c9d2e4f6a7b8c9d0e';
  expect(toYaml({ groups: [id, `web (${id})`], display_name: 'web-1' })).toEqual([
    'groups:',
    `  - ${id}`,
    `  - web (${id})`,
    'display_name: web-1',
  ]);
});
