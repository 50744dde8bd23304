import { LocalActionFailed } from '../../base/errors.ts';
import { type Finding, failedFinding, okFinding, skippedFinding, warningFinding } from './check.ts';

/** The clock difference, in seconds, above which JumpCloud may refuse this host. */
const WARN_SKEW_S = 30;
/** The clock difference, in seconds, above which JumpCloud is expected to refuse this host. */
const FAIL_SKEW_S = 300;

const CLOCK_ADVICE =
  'Set the clock and keep it synchronised: run timedatectl set-ntp true, or install chrony.';

/**
 * Checks this host's clock. `offset` is JumpCloud's time minus this host's time, in seconds; null
 * if unknown.
 */
export function checkClock(offset: number | null): Finding {
  if (offset === null) return skippedFinding('no answer had a usable time');
  const seconds = Math.abs(offset);
  if (seconds <= WARN_SKEW_S) {
    return okFinding(`This host's clock agrees with JumpCloud's to within ${WARN_SKEW_S} s.`);
  }
  const detail = `This host's clock is ${seconds} s ${offset > 0 ? 'behind' : 'ahead of'} JumpCloud's.`;
  return seconds <= FAIL_SKEW_S
    ? warningFinding(detail, CLOCK_ADVICE)
    : failedFinding(new LocalActionFailed([detail, CLOCK_ADVICE]));
}
