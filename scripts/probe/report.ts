import { version } from '../../package.json';
import type { Anonymiser } from './anonymiser.ts';
import type { CleanUpResult } from './clean-up.ts';
import type { Exchange } from './client.ts';
import type { Judgement, Question } from './question.ts';

/** A question that was asked, with its answer or the reason for a missing answer. */
export type AskedQuestion = {
  readonly question: Question;
  readonly exchanges: readonly Exchange[];
} & (
  | { readonly answer: object; readonly judgement: Judgement }
  | { readonly answer: undefined; readonly reason: string }
);

/** A finished run. */
export interface FinishedRun {
  readonly asked: readonly AskedQuestion[];
  readonly unasked: readonly Question[];
  readonly cleanUp: CleanUpResult | undefined;
  readonly requests: number;
  readonly region: string;
  readonly credentials: string;
  readonly agent: string;
}

/** A request and its answer, in a report. */
export interface ReportedExchange {
  readonly as: string;
  readonly request: string;
  readonly body?: unknown;
  readonly date_off_by_s?: number;
  readonly status: number | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answer?: unknown;
  /** The number of equal exchanges in a row, if there is more than one. */
  readonly times?: number;
}

/** Returns the report, without anything that identifies the organisation. */
export function toReport(run: FinishedRun, anonymiser: Anonymiser) {
  const unasked = run.unasked.map((question) => ({
    ...describeQuestion(question),
    verdict: 'not asked' as const,
    exchanges: [],
  }));
  const asked = run.asked.map((one) => ({
    ...describeQuestion(one.question),
    ...(one.answer === undefined
      ? { verdict: 'not answered' as const, reason: one.reason }
      : { ...one.judgement, answer: one.answer }),
    exchanges: collapseRepeats(
      one.exchanges.map((exchange) => toReportedExchange(exchange, anonymiser)),
    ),
  }));
  return {
    report: 'npm run probe, jumpcloud-system-context',
    version,
    date: new Date().toISOString().slice(0, 10),
    region: run.region,
    credentials: run.credentials,
    agent: /^\d{1,4}(\.\d{1,6}){1,2}$/.test(run.agent) ? run.agent : 'unknown',
    requests: run.requests,
    questions: [...asked, ...unasked],
    clean_up: run.cleanUp && {
      removed: run.cleanUp.removed,
      left: run.cleanUp.left.length,
      record_restored: run.cleanUp.isRecordRestored ?? null,
    },
  };
}

export type Report = ReturnType<typeof toReport>;

function describeQuestion({ id, question, assumption, confidence }: Question) {
  return { id, question, assumption, confidence };
}

/** Returns an exchange as a report and the dry run show it. */
export function toReportedExchange(exchange: Exchange, anonymiser: Anonymiser): ReportedExchange {
  const { request, status, headers, body, isJson, failure } = exchange;
  const { actor, method, path, clockErrorSeconds } = request;
  const shown = anonymiser.headers(headers);
  return {
    as: actor,
    request: `${method} ${anonymiser.path(path)}`,
    ...(request.body !== undefined && { body: anonymiser.shape(request.body) }),
    ...(clockErrorSeconds !== undefined && { date_off_by_s: clockErrorSeconds }),
    status: status || `none (${/^[A-Z_]{1,40}$/.test(failure ?? '') ? failure : 'failed'})`,
    ...(Object.keys(shown).length > 0 && { headers: shown }),
    ...(isJson && { answer: anonymiser.shape(body) }),
  };
}

/** Replaces equal exchanges in a row with one exchange and their number. */
function collapseRepeats(exchanges: readonly ReportedExchange[]): ReportedExchange[] {
  const collapsed: { exchange: ReportedExchange; text: string; times: number }[] = [];
  for (const exchange of exchanges) {
    const text = JSON.stringify(exchange);
    const last = collapsed.at(-1);
    if (last?.text === text) last.times++;
    else collapsed.push({ exchange, text, times: 1 });
  }
  return collapsed.map(({ exchange, times }) => (times > 1 ? { ...exchange, times } : exchange));
}

const SUSPECT_PATTERNS: readonly RegExp[] = [
  /[0-9a-f]{24}/i,
  /Signature keyId/i,
  /BEGIN [A-Z ]*KEY/,
  /\b\d{1,3}(\.\d{1,3}){3}\b/,
  /[\w.+-]+@[\w-]+\.\w+/,
  /\bjca_\w+/,
];

/**
 * Checks that the text of a report contains no id, key, address or secret, in case the anonymiser
 * has a bug.
 * @throws Error if the text contains one
 */
export function requireAnonymous(text: string, secrets: readonly string[]): void {
  const isSuspect =
    SUSPECT_PATTERNS.some((pattern) => pattern.test(text)) ||
    secrets.some((secret) => secret.length > 5 && text.includes(secret));
  if (isSuspect) {
    throw new Error(
      'The report was not written, because it would contain an id, a key or an address. This is a bug in the probe.',
    );
  }
}
