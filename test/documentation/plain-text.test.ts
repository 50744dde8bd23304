import { expect, it } from 'vitest';
import { plainText, wrap } from '../../scripts/build/plain-text.ts';

it.each([
  ['Set C(a) or I(b=c), see M(x.y.z).', 'Set a or b=c, see x.y.z.'],
  [
    'Read U(https://example.com/a) or L(this, https://example.com/b).',
    'Read https://example.com/a or this (https://example.com/b).',
  ],
  ['PATH(s) and MIB(x) stay.', 'PATH(s) and MIB(x) stay.'],
])('plainText removes the markup of %s', (marked, plain) => {
  expect(plainText(marked)).toBe(plain);
});

it('wrap() breaks lines at spaces, within 80 columns, and indents them', () => {
  const lines = wrap(`${'word '.repeat(40)}${'x'.repeat(90)} end`, 6).split('\n');
  expect(lines.every((line) => line.startsWith('      ') && !line.endsWith(' '))).toBe(true);
  expect(lines.filter((line) => line.length > 80)).toEqual([`      ${'x'.repeat(90)}`]);
  expect(lines.join(' ').split(/\s+/).filter(Boolean)).toHaveLength(42);
  expect(lines[0]).toHaveLength(80);
});
