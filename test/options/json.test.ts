import { describe, expect, test, vi } from 'vitest';
import { mayHaveBeenRounded } from '../../src/options/coercions.ts';
import { parseJson } from '../../src/options/json.ts';
import fc from '../harness/fast-check.ts';

describe('a duplicate key', () => {
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
  ])('parseJson refuses the duplicate key in %s', (text, key) => {
    expect(() => parseJson(text)).toThrow(`contains the key "${key}" twice`);
  });
});

describe('JSON without duplicate keys', () => {
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
  ])('parseJson accepts %s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  test('parseJson accepts every valid JSON text', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(2), (text, indent) => {
        const value = JSON.parse(text);
        expect(parseJson(JSON.stringify(value, undefined, indent))).toEqual(value);
      }),
    );
  });
});

describe('text that is not JSON', () => {
  test.each([
    ['', 'is not JSON'],
    ['geheim', 'is not JSON'],
    ['{"a": 1,\n  geheim}', 'is not JSON (line 2, column 3)'],
    ['{"a": NaN}', 'is not JSON'],
    ["{'geheim': 1}", 'is not JSON (line 1, column 2)'],
    ['{"a": 1} geheim', 'is not JSON'],
    ['{"a": [1,]}', 'is not JSON (line 1, column 10)'],
    ['{"a": tru}', 'is not JSON (line 1, column 10)'],
    ['{"a":\n"b', 'is not JSON (line 2, column 3)'],
    ['{"JSON at position 1": tru}', 'is not JSON (line 1, column 27)'],
    ['{"end of JSON input": tru}', 'is not JSON (line 1, column 26)'],
  ])('the error for %j has the position and does not quote the text', (text, expected) => {
    let message = '';
    try {
      parseJson(text);
    } catch (error) {
      message = String((error as Error).message);
    }
    expect(message.startsWith(expected)).toBe(true);
    expect(message).not.toContain('geheim');
  });
});

test('parseJson rejects unclosed JSON and calls JSON.parse only once', () => {
  const parse = vi.spyOn(JSON, 'parse');
  expect(() => parseJson('['.repeat(1000))).toThrow('is not JSON (line 1, column 1001)');
  expect(parse).toHaveBeenCalledOnce();
  parse.mockRestore();
});

test('the error about invalid JSON names the position of the first wrong character', () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), fc.nat(), (json, seed) => {
      const at = seed % (json.length + 1);
      const inside = (json.slice(0, at).replace(/\\./g, '').match(/"/g) ?? []).length % 2 === 1;
      fc.pre(!inside);
      const text = `${json.slice(0, at)}§${json.slice(at)}`;
      expect(() => parseJson(text)).toThrow(`is not JSON (line 1, column ${at + 1})`);
    }),
  );
});

test.each([
  ['mappings', '{"a":', '}'],
  ['lists', '[', ']'],
])('parseJson accepts %s nested 100 levels deep, but not 101', (_, open, close) => {
  const nested = (depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;
  expect(parseJson(nested(100))).toEqual(JSON.parse(nested(100)));
  for (const depth of [101, 3000]) {
    expect(() => parseJson(nested(depth))).toThrow('is nested more than 100 levels deep');
  }
});

test('parseJson does not overflow the stack on a very long text', () => {
  const long = { a: 'x"\\'.repeat(1_000_000), b: Array(100_000).fill('"') };
  expect(parseJson(JSON.stringify(long))).toEqual(long);
});

describe('a number that a JavaScript number can hold', () => {
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
  ])('parseJson returns the number %s', (number) => {
    expect(parseJson(`{"a":[${number}]}`)).toEqual({ a: [Number(number)] });
  });

  test('parseJson reads every number back unchanged from the text that JSON.stringify prints', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        expect(parseJson(JSON.stringify([number]))).toEqual([number === 0 ? 0 : number]);
      }),
    );
  });
});

describe('a number that a JavaScript number cannot hold', () => {
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
  ])('parseJson marks the number %s as rounded', (number) => {
    const { a } = Object(parseJson(`{"a":[${number}],"b":"${number}","${number}":1}`));
    expect(mayHaveBeenRounded(a[0])).toBe(true);
  });

  test('parseJson changes only numbers that would be rounded', () => {
    const text = '{"0.12345678901234567890":"x 0.12345678901234567890","b":[1e-400,7]}';
    expect(parseJson(text)).toEqual({
      '0.12345678901234567890': 'x 0.12345678901234567890',
      b: [Infinity, 7],
    });
  });
});
