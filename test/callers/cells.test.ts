import { expect, test } from 'vitest';
import { BEHAVIOURS } from './behaviours.ts';
import { CALLERS } from './callers.ts';
import { coveringCells, everyCell } from './cells.ts';

test.each([
  ['of all callers', CALLERS],
  ['of one caller', CALLERS.slice(0, 1)],
])('the part of the table has each row, each column and only possible cells: %s', (_, callers) => {
  const cells = coveringCells(callers, BEHAVIOURS);
  expect(new Set(cells.map(({ caller }) => caller))).toEqual(new Set(callers));
  expect(new Set(cells.map(({ behaviour }) => behaviour))).toEqual(new Set(BEHAVIOURS));
  expect(everyCell(callers, BEHAVIOURS)).toEqual(expect.arrayContaining(cells));
});
