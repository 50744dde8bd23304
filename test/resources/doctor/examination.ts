import { expect } from 'vitest';
import { CHECKS, type CheckName } from '../../../src/resources/doctor/check.ts';
import type { Answer } from '../../harness/answer.ts';
import { runInProcess } from '../../harness/run-in-process.ts';

/** A check in the result. */
export interface ReportedCheck {
  readonly check: CheckName;
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly advice: string;
}

/**
 * Returns the checks of an answer by name. Expects all checks in their order, and each well formed.
 */
export function checksOf(answer: Answer): Record<CheckName, ReportedCheck> {
  const checks = answer['checks'] as ReportedCheck[];
  expect(checks.map(({ check }) => check)).toEqual(CHECKS);
  for (const { check, status, detail, advice } of checks) {
    expect(detail, check).toMatch(/^[A-Z/\d]?\w.*\.$/s);
    expect(advice !== '', `${check} is ${status}`).toBe(/warning|failed/.test(status));
  }
  const failed = checks.filter(({ status }) => status === 'failed');
  expect(answer.failed ?? false).toBe(failed.length > 0);
  expect(answer).toMatchObject({ changed: false, warnings: [] });
  return Object.fromEntries(checks.map((one) => [one.check, one])) as never;
}

/** Returns the names of the checks that have the given status. */
export function checkNamesWith(answer: Answer, status: ReportedCheck['status']): CheckName[] {
  return Object.values(checksOf(answer))
    .filter((one) => one.status === status)
    .map(({ check }) => check);
}

/** Runs jumpcloud_doctor in this process. */
export function runDoctor(options: Record<string, unknown>): Promise<Answer> {
  return runInProcess('jumpcloud_doctor', options, false);
}
