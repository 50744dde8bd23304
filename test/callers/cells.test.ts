import { expect, test } from 'vitest';
import { BEHAVIOURS } from './behaviours.ts';
import { CALLERS } from './callers.ts';
import { coveringCells, everyCell } from './cells.ts';

test.each([
  ['all callers', CALLERS],
  ['one caller', CALLERS.slice(0, 1)],
])(
  'coveringCells of %s returns supported pairs of caller and behaviour that cover each caller and each behaviour',
  (_, callers) => {
    const cells = coveringCells(callers, BEHAVIOURS);
    expect(new Set(cells.map(({ caller }) => caller))).toEqual(new Set(callers));
    expect(new Set(cells.map(({ behaviour }) => behaviour))).toEqual(new Set(BEHAVIOURS));
    expect(everyCell(callers, BEHAVIOURS)).toEqual(expect.arrayContaining(cells));
  },
);
