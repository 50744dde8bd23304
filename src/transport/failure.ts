import { STATUS_CODES } from 'node:http';
import {
  type ModuleError,
  RateLimited,
  Rejected,
  TlsFailure,
  Unavailable,
  UnexpectedResponse,
} from '../errors.ts';
import type { WireReply } from './attempt.ts';
import { AttemptFailure } from './attempt-failure.ts';

/** How long it was tried in vain. Times in milliseconds. */
export interface Exhausted {
  /** What the request was for, as in "Could not …". */
  readonly purpose: string;
  readonly origin: string;
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly retryAfterMs: number | undefined;
  /** True when a write may have taken effect although no answer said so. */
  readonly open: boolean;
}

/** The error for a request whose last attempt still failed of something that passes by itself. */
export function exhausted(tried: Exhausted, outcome: WireReply | AttemptFailure): ModuleError {
  const { purpose, origin, attempts, elapsedMs, retryAfterMs } = tried;
  const seconds = Math.round(elapsedMs / 100) / 10;
  const effort = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in ${seconds} s`;
  const open = tried.open ? ' The change may have been made all the same; run again to see.' : '';
  const details = { attempts, elapsed: seconds };
  if (outcome instanceof AttemptFailure) {
    return new Unavailable(
      `Could not ${purpose}: ${origin} could not be reached (${effort}): ${outcome.message}. Check network, name resolution, firewall and proxy of this host, then run again.${open}`,
      { ...details, reason: outcome.reason },
      outcome,
    );
  }
  const { status } = outcome;
  if (status === 429) {
    const asked =
      retryAfterMs === undefined ? '' : ` and asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;
    return new RateLimited(
      `Could not ${purpose}: JumpCloud limits the rate of requests${asked} (${effort}). Run again later, raise timeout, or spread the runs of your hosts over time.${open}`,
      {
        ...details,
        status,
        ...(retryAfterMs !== undefined && { retry_after: Math.ceil(retryAfterMs / 1000) }),
      },
    );
  }
  return new Unavailable(
    `Could not ${purpose}: ${origin} answered ${status} ${STATUS_CODES[status]} (${effort}). JumpCloud is in trouble: see https://status.jumpcloud.com, and run again later.${open}`,
    { ...details, status },
  );
}

/** The error for an attempt that failed of something another attempt would not change. */
export function final(purpose: string, origin: string, failure: AttemptFailure): ModuleError {
  const details = { reason: failure.reason };
  const { message } = failure;
  switch (failure.kind) {
    case 'tls':
      return new TlsFailure(
        `Could not ${purpose}: ${origin} could not prove that it is JumpCloud: ${message}. If a proxy or gateway of yours opens TLS connections, give its CA with ca_path; if the certificate's dates are the trouble, check this host's clock.`,
        details,
        failure,
      );
    case 'proxy-refused':
      return new Rejected(
        `Could not ${purpose}: ${message}. ${failure.reason === '407' ? 'Give it user and password in the proxy option' : 'Check the proxy option and what the proxy allows'}.`,
        { status: Number(failure.reason) },
        failure,
      );
    default:
      return new UnexpectedResponse(
        `Could not ${purpose}: ${origin} did not answer as JumpCloud does: ${message}. Check region, api_url and proxy.`,
        details,
        failure,
      );
  }
}
