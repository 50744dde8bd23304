import { expect, vi } from 'vitest';
import type { Member } from './fleet.ts';

/** The directory of the files with the last result of each unit. */
export const RESULTS_DIRECTORY = '/run/jumpcloud-system-context';

/** The content of a result file, which monitoring reads. */
export interface LastResult {
  readonly unit: string;
  readonly time: string;
  readonly timestamp: number;
  readonly outcome: string;
  readonly result: {
    readonly changed: boolean;
    readonly msg: string;
    readonly error?: { readonly code: string };
  } | null;
}

/**
 * Reads the last result of jumpcloud-host.service.
 * @throws SyntaxError when there is none
 */
export async function readLastResult({ machine }: Member): Promise<LastResult> {
  const { stdout } = await machine.run('cat', `${RESULTS_DIRECTORY}/jumpcloud-host.json`);
  return JSON.parse(stdout);
}

/**
 * Waits until the last result of jumpcloud-host.service has the given outcome, or one of the given
 * outcomes. Returns the result.
 */
export function waitForOutcome(
  member: Member,
  outcome: string | string[],
  seconds: number,
): Promise<LastResult> {
  return vi.waitFor(
    async () => {
      const last = await readLastResult(member);
      expect([outcome].flat()).toContain(last.outcome);
      return last;
    },
    { timeout: seconds * 1000, interval: 300 },
  );
}
