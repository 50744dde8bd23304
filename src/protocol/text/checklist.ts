import { type Colour, paint } from './paint.ts';
import { wrap } from './wrap.ts';

/** A check of jumpcloud_doctor. */
interface Check {
  readonly check: string;
  readonly status: string;
  readonly detail?: string;
  readonly advice?: string;
}

const COLOURS: Readonly<Record<string, Colour>> = {
  ok: 'green',
  warning: 'yellow',
  failed: 'red',
  skipped: 'dim',
};
const STATUS_WIDTH = 9;

/** Renders checks as lines, with the advice below each check. */
export function renderChecklist(
  checks: readonly Check[],
  columns: number,
  isColoured: boolean,
): string[] {
  const nameColumns = Math.max(0, ...checks.map(({ check }) => check.length)) + 2;
  const indent = ' '.repeat(STATUS_WIDTH + nameColumns);
  return checks.flatMap(({ check, status, detail = '', advice = '' }) => {
    const head = `${status.padEnd(STATUS_WIDTH)}${check.replaceAll('_', ' ').padEnd(nameColumns)}`;
    const [first = '', ...rest] = wrap(detail, columns, { first: indent, rest: indent });
    const colour = COLOURS[status];
    return [
      `${colour ? paint(head, colour, isColoured) : head}${first.slice(indent.length)}`.trimEnd(),
      ...rest,
      ...(advice ? wrap(advice, columns, { first: `${indent}-> `, rest: `${indent}   ` }) : []),
    ];
  });
}
