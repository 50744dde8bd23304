import type { Report, ReportedExchange } from './report.ts';

/** Returns the report as Markdown. */
export function toMarkdown(report: Report): string {
  const { questions, clean_up, version, date, region, credentials, agent, requests } = report;
  return [
    '# Probe report',
    '',
    `jumpcloud-system-context ${version}, ${date}, region ${region}, ${credentials}, agent ${agent}, ${requests} requests.`,
    'Ids, names and addresses are replaced. `…` stands for words that are left out.',
    '',
    '| question | verdict | answer | modules |',
    '|---|---|---|---|',
    ...questions.map((one) =>
      row([one.question, one.verdict, summaryOf(one), 'module' in one ? one.module : '']),
    ),
    '',
    clean_up === undefined
      ? 'The run did not clean up.'
      : `Cleaned up: ${clean_up.removed} objects removed, ${clean_up.left} left, record ${formatRestored(clean_up.record_restored)}.`,
    ...questions
      .filter(({ exchanges }) => exchanges.length > 0)
      .flatMap((one) => [
        '',
        `## ${one.question}`,
        '',
        `Assumed: ${one.assumption} Verdict: **${one.verdict}**. ${summaryOf(one)}`,
        '',
        '```',
        ...one.exchanges.flatMap(formatExchange),
        '```',
      ]),
    '',
  ].join('\n');
}

function summaryOf(one: Report['questions'][number]): string {
  if ('summary' in one) return one.summary;
  return 'reason' in one ? `${one.reason}.` : '';
}

function formatRestored(value: boolean | null): string {
  if (value === null) return 'not readable';
  return value ? 'as before' : 'NOT restored';
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Returns the lines that show an exchange in a report or in a dry run. */
export function formatExchange(exchange: ReportedExchange): string[] {
  const { status, headers = {}, answer, times } = exchange;
  const all = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const count = times === undefined ? '' : `  (${times} times)`;
  return [
    `${requestLine(exchange)}${count}`,
    `  → ${[status, ...all].join(', ')}`,
    ...(answer === undefined ? [] : [`    ${JSON.stringify(answer)}`]),
  ];
}

/** Returns the line that shows a request. */
export function requestLine({ as, request, body, date_off_by_s }: ReportedExchange): string {
  const written = body === undefined ? '' : ` ${JSON.stringify(body)}`;
  const off = date_off_by_s === undefined ? '' : `  (Date off by ${date_off_by_s} s)`;
  return `${as.padEnd(13)} ${request}${written}${off}`;
}
