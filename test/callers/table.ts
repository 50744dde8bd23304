import type { Behaviour } from './behaviour.ts';
import type { Caller } from './caller.ts';
import type { Cell } from './cells.ts';

/** Renders a Markdown table with a row for each behaviour and a column for each caller. */
export function renderTable(
  callers: readonly Caller[],
  behaviours: readonly Behaviour[],
  entry: (cell: Cell) => string,
): string {
  const rows = [
    ['', ...callers.map(({ column }) => column)],
    ...behaviours.map((behaviour) => [
      behaviour.name,
      ...callers.map((caller) => entry({ caller, behaviour })),
    ]),
  ];
  const widths = callers
    .map((_, i) => i + 1)
    .map((i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const all = [Math.max(...rows.map(([name = '']) => name.length)), ...widths];
  const line = (row: readonly string[]) =>
    `| ${row.map((text, i) => text.padEnd(all[i] ?? 0)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  const rule = all.map((width) => '-'.repeat(width));
  return [line(head), line(rule), ...body.map(line)].join('\n');
}
