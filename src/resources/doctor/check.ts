import { type ErrorCode, ModuleError } from '../../base/errors.ts';
import { Interrupted } from '../../base/interrupted.ts';
import { toPrintable } from '../../base/printable.ts';

/** The names of the checks, in the order of the result. */
export const CHECKS = [
  'runtime',
  'agent_directory',
  'registration',
  'key',
  'agent_service',
  'clock',
  'proxy',
  'name_resolution',
  'connection',
  'certificate',
  'authorization',
  'enrolment',
  'access',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** The outcome of a check. `advice` is empty if the user need not do anything. */
export type Finding =
  | { readonly status: 'ok' | 'skipped'; readonly detail: string; readonly advice: '' }
  | { readonly status: 'warning'; readonly detail: string; readonly advice: string }
  | Failure;

/** The outcome of a check that failed. */
export interface Failure {
  readonly status: 'failed';
  readonly detail: string;
  readonly advice: string;
  readonly code: ErrorCode;
  /** The fields of the result's `error`, in addition to `code`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** The outcomes of the checks that were made so far. */
export type Findings = Partial<Record<CheckName, Finding>>;

export function okFinding(detail: string): Finding {
  return { status: 'ok', detail, advice: '' };
}

export function warningFinding(detail: string, advice: string): Finding {
  return { status: 'warning', detail, advice: addRegistrationHint(advice) };
}

/** Returns the outcome of a check that could not be made. */
export function skippedFinding(detail: string): Finding {
  return { status: 'skipped', detail: `Not checked: ${detail}.`, advice: '' };
}

/**
 * Returns the outcome of a check that failed with an error. `advice` replaces the advice of the
 * error.
 * @throws the error if it is an interruption or a bug
 */
export function failedFinding(error: unknown, advice?: string): Failure {
  if (!(error instanceof ModuleError) || error instanceof Interrupted) throw error;
  const { reason: detail, code, details } = error;
  advice = addRegistrationHint(advice ?? error.advice);
  return { status: 'failed', detail, advice, code, details };
}

/** Returns the first failed check in a list of checks; undefined if no check in the list failed. */
export function findFirstFailedCheck(
  findings: Findings,
  checks: readonly CheckName[],
): CheckName | undefined {
  return checks.find((check) => findings[check]?.status === 'failed');
}

/** Returns the advice. If it says to register the agent again, adds where to find the command. */
function addRegistrationHint(advice: string): string {
  return /register the agent again|re-enrol/i.test(advice)
    ? `${advice} The Admin Portal shows the registration command when you add a device.`
    : advice;
}

/** Returns the result's `checks`. Checks that the run did not reach are listed as skipped. */
export function reportFindings(findings: Findings): Record<string, unknown>[] {
  return CHECKS.map((check) => {
    const { status, detail, advice } = findings[check] ?? skippedFinding('the run ended before');
    return { check, status, detail: toPrintable(detail), advice: toPrintable(advice) };
  });
}
