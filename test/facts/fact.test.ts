import { describe, expect, test } from 'vitest';
import { FACT_NAMES, isKnownFact, tagOf, toFact } from '../../src/facts/fact.ts';

describe('toFact', () => {
  test.each<[value: unknown, fact: string]>([
    ['web', 'web'],
    [' web\n', 'web'],
    ['\u3000web\u00a0', 'web'],
    ['two words', 'two words'],
    ['{hostname}', '{hostname}'],
    ['$(reboot)', '$(reboot)'],
    [42, '42'],
    [0, '0'],
    ['ä'.repeat(1024), 'ä'.repeat(1024)],
    ['😀'.repeat(1024), '😀'.repeat(1024)],
  ])('toFact accepts %j', (value, fact) => {
    expect(toFact(value, 'a test')).toEqual({ value: fact });
  });

  test.each<[value: unknown, reason: string]>([
    [undefined, 'not found in a test'],
    [null, 'not found in a test'],
    [true, 'not found in a test'],
    [['web'], 'not found in a test'],
    [{ name: 'web' }, 'not found in a test'],
    ['', 'empty in a test'],
    [' \n', 'empty in a test'],
    ['a'.repeat(1025), 'longer than 1024 characters in a test'],
    ['two\nlines', 'has control characters in a test'],
    ['\u001b[31mred', 'has control characters in a test'],
    ['a\u0085b', 'has control characters in a test'],
    ['a\u0000b', 'has control characters in a test'],
  ])('toFact refuses %j', (value, reason) => {
    expect(toFact(value, 'a test')).toEqual({ reason });
  });
});

describe('isKnownFact', () => {
  test.each([...FACT_NAMES, 'env.ROLE', 'cloud.tag.Role', 'cloud.tag.a.b'])(
    'isKnownFact returns true for %s',
    (name) => {
      expect(isKnownFact(name)).toBe(true);
    },
  );

  test.each(['host', 'os', 'cloud', 'cloud.tag', 'cloud.tag.', 'env', 'env.', 'cloud.tags.Role'])(
    'isKnownFact returns false for %s',
    (name) => {
      expect(isKnownFact(name)).toBe(false);
    },
  );
});

test('tagOf returns everything after the prefix, dots included', () => {
  expect(tagOf('cloud.tag.team.name')).toBe('team.name');
  expect(tagOf('cloud.region')).toBeUndefined();
});
