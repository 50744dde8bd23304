import type { Problem } from '../../base/errors.ts';
import { toPrintable } from '../../base/printable.ts';
import type { Result } from '../result.ts';
import { renderChecklist } from './checklist.ts';
import { renderNamesTable } from './names-table.ts';
import { type Colour, paint } from './paint.ts';
import { type Block, toReportBlocks } from './report-blocks.ts';
import { wrap } from './wrap.ts';
import { yamlDiff } from './yaml-diff.ts';

/** The failure of a run, in the form for a terminal. */
export interface FailureForPeople {
  readonly reason: string;
  readonly advice: string;
  /** All problems of the options; empty if the options are valid. */
  readonly problems: readonly Problem[];
}

/** A result, with the name of its module. */
export interface ResultToRender {
  readonly module: string;
  readonly isCheck: boolean;
  /** The result. If the run failed, `forPeople` has the sentences of the failure. */
  readonly result: Result;
}

/** The terminal that the text is for. */
export interface Terminal {
  readonly columns: number;
  readonly isColoured: boolean;
}

/** The indentation of the lines below a title. */
const INDENT = '  ';

/** Renders a result as text for people. Escapes characters that could control the terminal. */
export function renderText(input: ResultToRender, terminal: Terminal): string {
  const { diff } = input.result;
  const { module, isCheck, result } = escapeStrings(input) as ResultToRender;
  const failure = result['forPeople'] as FailureForPeople | undefined;
  const { columns, isColoured } = terminal;
  const names = module === 'jumpcloud_names' ? {} : Object(result['names']);
  const paintText = (text: string, colour: Colour) => paint(text, colour, isColoured);
  const labelText = (label: string, colour: Colour, text: string) => {
    const lines = wrap(`${label}: ${text}`, columns, { rest: '  ' });
    return lines.map((line, i) =>
      i === 0 ? line.replace(`${label}:`, paintText(`${label}:`, colour)) : line,
    );
  };
  const { word, colour } = outcomeLabel(result, isCheck);
  const summary = failure === undefined ? `. ${result['msg']}` : formatErrorCode(result);
  const [head = '', ...rest] = wrap(`${module}: ${word}${summary}`, columns, { rest: '  ' });
  const warnings = (result['warnings'] ?? []) as string[];
  const paragraphs: (readonly string[])[] = [
    [head.replace(`: ${word}`, () => `: ${paintText(word, colour)}`), ...rest],
    renderDiff(diff, 'sections' in result).map((line) => paintDiff(line, isColoured)),
    ...(module === 'jumpcloud_names' ? [renderNamesTable(result, columns)] : []),
    ...(Array.isArray(result['checks'])
      ? [renderChecklist(result['checks'], columns, isColoured)]
      : []),
    ...toReportBlocks(result, names, columns - INDENT.length).map((block) =>
      renderBlock(block, paintText),
    ),
    warnings.flatMap((warning) => labelText('warning', 'yellow', warning)),
    ...(failure ? [renderFailure(failure, result, columns, labelText)] : []),
  ];
  const shown = paragraphs.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${shown.join('\n\n')}\n`;
}

type LabelledTextRenderer = (label: string, colour: Colour, text: string) => string[];

function outcomeLabel(
  { failed, changed }: Result,
  isCheck: boolean,
): { word: string; colour: Colour } {
  if (failed) return { word: changed ? 'failed after changes' : 'failed', colour: 'red' };
  if (!changed) return { word: 'ok', colour: 'green' };
  return { word: isCheck ? 'would change' : 'changed', colour: 'yellow' };
}

function formatErrorCode({ error }: Result): string {
  return ` (${Object(error).code})`;
}

/** Returns the lines of the diff. The diff of a document has a part for each section. */
function renderDiff(diff: unknown, isDocument: boolean): string[] {
  if (diff === undefined) return [];
  const { before, after } = diff as Record<'before' | 'after', Record<string, unknown>>;
  if (!isDocument) return yamlDiff('', before, after);
  return Object.keys(after).flatMap((section) =>
    yamlDiff(section, before[section], after[section]),
  );
}

function paintDiff(line: string, isColoured: boolean): string {
  if (/^(---|\+\+\+) /.test(line)) return paint(line, 'bold', isColoured);
  const colour = ({ '+': 'green', '-': 'red', '@': 'cyan' } as const)[line.charAt(0)];
  return colour === undefined ? line : paint(line, colour, isColoured);
}

function renderBlock({ title, lines }: Block, paintText: (text: string, colour: Colour) => string) {
  if (title === '') return lines;
  return [paintText(title, 'bold'), ...lines.map((line) => INDENT + line)];
}

/** Renders a failure: the error, the hint, and lists of problems or causes. */
function renderFailure(
  { reason, advice, problems }: FailureForPeople,
  { error }: Result,
  columns: number,
  labelText: LabelledTextRenderer,
): string[] {
  const list = (items: readonly string[]) =>
    items.flatMap((item) => wrap(item, columns, { first: '  - ', rest: '    ' }));
  if (problems.length > 0) {
    const items = problems.map(({ option, message }) =>
      option ? `${option}: ${message}` : message,
    );
    const hints = [...new Set(problems.flatMap((problem) => problem.advice ?? []))];
    return [
      ...(items.length === 1
        ? labelText('error', 'red', items.join())
        : [
            ...labelText('error', 'red', `${items.length} problems in the options:`),
            ...list(items),
          ]),
      ...hints.flatMap((hint) => labelText('hint', 'cyan', `${hint}.`)),
    ];
  }
  const causes: string[] = Object(error).causes ?? [];
  return [
    ...labelText('error', 'red', reason),
    ...(causes.length > 1
      ? [...labelText('hint', 'cyan', 'Possible causes:'), ...list(causes)]
      : advice
        ? labelText('hint', 'cyan', advice)
        : []),
  ];
}

/** Escapes all characters that could control a terminal, in strings and keys. */
function escapeStrings(value: unknown): unknown {
  if (typeof value === 'string') return toPrintable(value);
  if (Array.isArray(value)) return value.map(escapeStrings);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [toPrintable(key), escapeStrings(inner)]),
  );
}
