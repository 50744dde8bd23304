import type { Result } from '../result.ts';
import { renderText } from './render-text.ts';

/** The width of a terminal that does not report it. */
const DEFAULT_COLUMNS = 80;

/** Returns a result as text for the terminal on standard output. */
export function answerText(module: string, isCheck: boolean, result: Result): string {
  const { NO_COLOR, TERM } = process.env;
  return renderText(
    { module, isCheck, result },
    {
      columns: process.stdout.columns || DEFAULT_COLUMNS,
      isColoured: !NO_COLOR && TERM !== 'dumb',
    },
  );
}
