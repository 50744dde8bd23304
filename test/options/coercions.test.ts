import { describe, expect, test } from 'vitest';
import {
  coerceBoolean,
  coerceList,
  coerceMapping,
  coerceNumber,
  coerceText,
} from '../../src/options/coercions.ts';
import { describeValue } from '../../src/options/describe-value.ts';

describe('coerceBoolean', () => {
  const spellings: [boolean, unknown[]][] = [
    [true, [true, 'yes', 'on', '1', 'true', 't', 'y', 'YES', 'On', 'True', ' y\n', 1]],
    [false, [false, 'no', 'off', '0', 'false', 'f', 'n', 'NO', 'Off', 'FALSE', ' n ', 0]],
  ];
  const rows = spellings.flatMap(([boolean, values]) => values.map((value) => [value, boolean]));
  test.each(rows)('coerceBoolean(%j) is %s', (value, boolean) => {
    expect(coerceBoolean(value)).toBe(boolean);
  });
  test.each([['maybe'], [''], [2], [-1], [0.5], ['ja'], [null], [[]], [[true]], [{}], [undefined]])(
    'coerceBoolean(%j) is undefined',
    (value) => {
      expect(coerceBoolean(value)).toBeUndefined();
    },
  );
});

test.each([
  ['', ''],
  [' a ', ' a '],
  [123, '123'],
  [1.5, '1.5'],
  [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  [Number.MAX_SAFE_INTEGER + 1, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [1e20, undefined],
  [1e-7, '1e-7'],
  [true, 'true'],
  [false, 'false'],
  [null, undefined],
  [[], undefined],
  [{}, undefined],
])('coerceText(%j) is %j', (value, text) => {
  expect(coerceText(value)).toBe(text);
});

test.each([
  [3, 3],
  ['3', 3],
  [' 3.5 ', 3.5],
  ['-2', -2],
  ['+2', 2],
  ['.5', 0.5],
  ['5.', 5],
  ['1e3', 1000],
  ['', undefined],
  [' ', undefined],
  ['0x10', undefined],
  ['1_000', undefined],
  ['1,5', undefined],
  ['NaN', undefined],
  ['Infinity', undefined],
  ['3s', undefined],
  [true, undefined],
  [null, undefined],
  [[3], undefined],
])('coerceNumber(%j) is %j', (value, number) => {
  expect(coerceNumber(value)).toBe(number);
});

test('coerceNumber refuses digits before a letter in linear time', () => {
  expect(coerceNumber(`${'1'.repeat(100_000)}x`)).toBeUndefined();
});

test.each([
  [
    ['a', 1],
    ['a', 1],
  ],
  ['a,b', ['a', 'b']],
  [' a , b ', ['a', 'b']],
  ['a', ['a']],
  ['', []],
  ['  ', []],
  ['a,,b', ['a', '', 'b']],
  ['["a", {"b": 1}]', ['a', { b: 1 }]],
  ['[]', []],
  ['[a]', undefined],
  ['[1', undefined],
  ['[{"a":1,"a":2}]', undefined],
  [12, [12]],
  [true, undefined],
  [null, undefined],
  [{}, undefined],
])('coerceList(%j) is %j', (value, list) => {
  expect(coerceList(value)).toEqual(list);
});

test.each([
  [{ a: 1 }, { a: 1 }],
  ['{"a": 1}', { a: 1 }],
  [' {} ', {}],
  ['{"a":1,"a":2}', undefined],
  ['a=1', undefined],
  ['', undefined],
  ['[]', undefined],
  ['null', undefined],
  [[], undefined],
  [null, undefined],
  [1, undefined],
])('coerceMapping(%j) is %j', (value, mapping) => {
  expect(coerceMapping(value)).toEqual(mapping);
});

test.each([
  [null, 'null'],
  [[1], 'a list'],
  [{}, 'a mapping'],
  [5, 'the number 5'],
  [true, 'the boolean true'],
  ['a"b', 'the text "a\\"b"'],
  ['ä '.repeat(30), `the text "${'ä '.repeat(30)}"`],
  ['😀'.repeat(61), `the text "${'😀'.repeat(60)}…"`],
])('describeValue(%j) is %s', (value, description) => {
  expect(describeValue(value)).toBe(description);
});
