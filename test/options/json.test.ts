import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRounded } from '../../src/options/coercions.ts';
import { parseJson } from '../../src/options/json.ts';

describe('a key twice is refused', () => {
  test.each([
    ['{"a":1,"a":1}', 'a'],
    ['{"a":1,"b":{"c":1},"a":2}', 'a'],
    ['{"b":{"a":1},"a":1,"c":[{"x":1,"x":2}]}', 'x'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"a" : 1, "a"\n:2}', 'a'],
    ['{"":1,"":2}', ''],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"a\\"b":1,"a\\"b":2}', 'a"b'],
    ['[[{"😀":1,"😀":2}]]', '😀'],
  ])('%s', (text, key) => {
    expect(() => parseJson(text)).toThrow(`names the key "${key}" twice`);
  });
});

describe('what only looks like a key twice is not', () => {
  test.each([
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":2}]',
    '{"a":"\\"a\\":1,\\"a\\":2"}',
    '{"a":["a","a",{"a":1}],"b":1}',
    '{"a":"{","b":"}","c":"[\\\\"}',
    '{"a\\\\":1,"a":2}',
    '["a","a"]',
    '" : "',
    '{}',
  ])('%s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test('any JSON', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(2), (text, indent) => {
        const value = JSON.parse(text);
        expect(parseJson(JSON.stringify(value, undefined, indent))).toEqual(value);
      }),
    );
  });
});

describe('what is not JSON is placed, never quoted', () => {
  test.each([
    ['', 'is not JSON'],
    ['geheim', 'is not JSON'],
    ['{"a": 1,\n  geheim}', 'is not JSON at line 2, column 3'],
    ['{"a": NaN}', 'is not JSON'],
    ["{'geheim': 1}", 'is not JSON at line 1, column 2'],
    ['{"a": 1} geheim', 'is not JSON'],
  ])('%j', (text, message) => {
    let said = '';
    try {
      parseJson(text);
    } catch (error) {
      said = String((error as Error).message);
    }
    expect(said.startsWith(message)).toBe(true);
    expect(said).not.toContain('geheim');
  });
});

test.each([
  ['mappings', '{"a":', '}'],
  ['lists', '[', ']'],
])('%s may be nested a hundred levels deep, no more', (_, open, close) => {
  const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
  expect(parseJson(nested(100))).toEqual(JSON.parse(nested(100)));
  for (const depth of [101, 3000]) {
    expect(() => parseJson(nested(depth))).toThrow('is nested more than 100 levels deep');
  }
});

test('a very long text does not overflow the stack', () => {
  const long = { a: 'x"\\'.repeat(1_000_000), b: Array(100_000).fill('"') };
  expect(parseJson(JSON.stringify(long))).toEqual(long);
});

describe('a number that JSON holds', () => {
  test.each([
    '0',
    '-0',
    '0.1',
    '1.50',
    '1e3',
    '1E+3',
    '0.10000000000000000',
    '1.7976931348623157e308',
    '5e-324',
    '0e-400',
    '9007199254740991',
    '123456789.12345',
    '100000000000000000000e-20',
    '0.12345678901234568',
  ])('is read: %s', (number) => {
    expect(parseJson(`{"a":[${number}]}`)).toEqual({ a: [Number(number)] });
  });

  test('is any number that JavaScript writes', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(parseJson(JSON.stringify([number]))).toEqual([number === 0 ? 0 : number]);
      }),
    );
  });
});

describe('a number that JSON cannot hold', () => {
  test.each([
    '0.12345678901234567890',
    '-0.12345678901234567890',
    '1e-400',
    '1e400',
    '4e-324',
    '3.0000000000000000001',
    '9007199254740993',
    '1.7976931348623158e308',
    '0.1000000000000000055511151231257827',
  ])('is read as one that is rounded: %s', (number) => {
    const { a } = Object(parseJson(`{"a":[${number}],"b":"${number}","${number}":1}`));
    expect(isRounded(a[0])).toBe(true);
  });

  test('leaves the rest of the text as it is', () => {
    const text = '{"0.12345678901234567890":"x 0.12345678901234567890","b":[1e-400,7]}';
    expect(parseJson(text)).toEqual({
      '0.12345678901234567890': 'x 0.12345678901234567890',
      b: [Infinity, 7],
    });
  });
});
