import { LAST_QUESTION, QUESTIONS } from './questions.ts';

/** Returns the table of all questions for the documentation. */
export function questionTable(): string {
  const rows = [...QUESTIONS, LAST_QUESTION].map(
    ({ id, question, assumption, confidence, otherwise }) =>
      [`\`${id}\``, question, assumption, confidence, otherwise].map(escapeBars),
  );
  const head = ['answer', 'question', 'assumption', 'confidence', 'modules, if it is otherwise'];
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function escapeBars(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
