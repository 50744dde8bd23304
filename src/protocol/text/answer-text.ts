import type { Result } from '../result.ts';
import { renderText } from './render-text.ts';

/** The assumed width of a terminal that does not report its width. */
const DEFAULT_COLUMNS = 80;

/** Renders a result as text for the terminal on stdout. */
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
