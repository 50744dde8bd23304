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
import { statusText } from './status-text.ts';

/** Said of a write whose answer does not tell whether it took effect. */
export const MAY_BE_DONE = ' The change may have been made all the same; run again to see.';

/** The same for a program, among an error's details. */
export function mayBeDone(open: boolean): { may_be_done?: true } {
  return open ? { may_be_done: true } : {};
}

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
  const open = tried.open ? MAY_BE_DONE : '';
  const details = { attempts, elapsed: seconds, ...mayBeDone(tried.open) };
  if (outcome instanceof AttemptFailure) {
    return new Unavailable(
      `Could not ${purpose}: ${origin} could not be reached (${effort}): ${outcome.message}. ${networkAdvice(outcome)}, then run again.${open}`,
      { ...details, reason: outcome.reason },
      outcome,
    );
  }
  const { status } = outcome;
  const wait = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  const asked = wait === undefined ? '' : ` and asks to wait ${wait} s`;
  const answered = { ...details, status, ...(wait !== undefined && { retry_after: wait }) };
  if (status === 429) {
    return new RateLimited(
      `Could not ${purpose}: JumpCloud limits the rate of requests${asked} (${effort}). Run again later, raise timeout, or spread the runs of your hosts over time.${open}`,
      answered,
    );
  }
  return new Unavailable(
    `Could not ${purpose}: ${origin} answered ${statusText(status)}${asked} (${effort}). JumpCloud is in trouble: see https://status.jumpcloud.com, and run again later.${open}`,
    answered,
  );
}

function networkAdvice({ at }: AttemptFailure): string {
  return at === 'proxy'
    ? 'Check the proxy, and what the proxy option or HTTPS_PROXY says'
    : 'Check network, name resolution, firewall and proxy of this host';
}

/**
 * The error for an attempt that failed of something another attempt would not change. `open` is
 * true when a write may have taken effect all the same.
 */
export function final(
  { purpose, origin, open }: Pick<Exhausted, 'purpose' | 'origin' | 'open'>,
  failure: AttemptFailure,
): ModuleError {
  const details = { reason: failure.reason, ...mayBeDone(open) };
  const doubt = open ? MAY_BE_DONE : '';
  const { message } = failure;
  switch (failure.kind) {
    case 'tls': {
      const who =
        failure.at === 'proxy'
          ? `on the way to ${origin} the proxy could not prove who it is`
          : `${origin} could not prove that it is JumpCloud`;
      const advice = tlsAdvice(failure.reason);
      return new TlsFailure(
        `Could not ${purpose}: ${who}: ${message}. ${advice}${doubt}`,
        details,
        failure,
      );
    }
    case 'proxy-refused': {
      const advice =
        failure.reason === '407'
          ? 'Give it user and password in the proxy option or HTTPS_PROXY (http://user:password@host:port), or correct them.'
          : 'Check the proxy option and what the proxy allows.';
      return new Rejected(
        `Could not ${purpose}: ${origin} could not be reached: ${message}. ${advice}${doubt}`,
        { status: Number(failure.reason), ...mayBeDone(open) },
        failure,
      );
    }
    default:
      return new UnexpectedResponse(
        `Could not ${purpose}: ${origin} did not answer as JumpCloud does: ${message}. Check api_url, region and proxy: something else may be answering there.${doubt}`,
        details,
        failure,
      );
  }
}

/** What to do about a certificate, by the code of Node or OpenSSL. */
function tlsAdvice(code: string): string {
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return `This host's clock says ${new Date().toISOString()}: set it if that is wrong; if it is right, the other side needs a new certificate.`;
  }
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return 'Something else answers at this address: check api_url, proxy and name resolution.';
  }
  if (/^(ERR_SSL|EPROTO)/.test(code)) {
    return 'Check scheme and port in api_url and proxy: a server without TLS seems to answer there.';
  }
  return 'If a proxy or gateway of yours opens TLS connections, give its CA with ca_path; if none does, find out who answers there instead of JumpCloud.';
}
