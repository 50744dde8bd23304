import { describe, expect, test } from 'vitest';
import { escapeInvisible, toPrintable, truncate } from '../../src/base/printable.ts';

describe('toPrintable', () => {
  test('toPrintable escapes all control and format characters, and keeps letters of all scripts', () => {
    const unchanged: string[] = [];
    for (let code = 0; code <= 0x10ffff; code++) {
      const character = String.fromCodePoint(code);
      if (toPrintable(`a${character}b`) !== `a${character}b`) continue;
      if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character)) unchanged.push(code.toString(16));
    }
    // Visible characters, although Unicode counts them as format characters.
    const visible = /^(60[0-5]|6dd|70f|89[01]|8e2|110bd|110cd|134[34].|1bca[0-3]|1d17.)$/;
    expect(unchanged.filter((code) => !visible.test(code))).toEqual([]);
    for (const text of ['Köln 😀 ☺️', 'שלום', 'مرحبا', '東京', 'a\u00a0b', '∀x∈ℝ']) {
      expect(toPrintable(text)).toBe(text);
    }
  });

  test.each([
    ['line one \r\n\tline two', 'line one line two'],
    ['two  blanks', 'two  blanks'],
    ['a\u2028b\u2029c\u0085d', 'a b c d'],
    ['\u202eevil\u2066\u200f\u061c', '\\u202eevil\\u2066\\u200f\\u061c'],
    ['\x1b[31m\x00\x9b', '\\u001b[31m\\u0000\\u009b'],
    ['zero\u200b\u200d\ufeffwidth', 'zero\\u200b\\u200d\\ufeffwidth'],
    ['\ud800x\udc00', '\\ud800x\\udc00'],
    ['\u{e0041}', '\\udb40\\udc41'],
  ])('toPrintable turns %j into %j', (text, printable) => {
    expect(toPrintable(text)).toBe(printable);
    expect(toPrintable(printable)).toBe(printable);
  });
});

test('escapeInvisible escapes invisible characters in JSON and keeps its value', () => {
  const value = { 'a\u202e': ['\u009b', '\u{e0041}\u2028', '\ud800', 'x\ty\n'] };
  for (const indentation of [undefined, 2]) {
    const json = escapeInvisible(JSON.stringify(value, undefined, indentation));
    expect(JSON.parse(json)).toEqual(value);
    expect(json).not.toMatch(/[\u007f-\u009f\u2028\u202e\u{e0041}]/u);
  }
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'abc…'],
  ['😀😀😀', 3, '😀😀😀'],
  ['😀😀😀😀', 3, '😀😀😀…'],
  ['x'.repeat(20_000_000), 2, 'xx…'],
])('truncate counts characters and never cuts one in half (case %#)', (text, maxLength, short) => {
  expect(truncate(text, maxLength)).toBe(short);
});
