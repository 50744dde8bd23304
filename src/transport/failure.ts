import {
  couldNot,
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

/** A request that failed. */
export interface FailedRequest {
  /** What it was for, as in "Could not …". */
  readonly purpose: string;
  /** Where it went. */
  readonly origin: string;
  /** Whether it is a write that may have taken effect although no answer said so. */
  readonly inDoubt: boolean;
}

/** How long it was tried in vain. Times in milliseconds. */
export interface RetriedRequest extends FailedRequest {
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly retryAfterMs: number | undefined;
}

/** The error for a request whose last attempt still failed of something that passes by itself. */
export function retriesExhausted(
  tried: RetriedRequest,
  outcome: WireReply | AttemptFailure,
): ModuleError {
  const { purpose, origin, attempts, elapsedMs, retryAfterMs, inDoubt } = tried;
  const elapsed = Math.round(elapsedMs / 100) / 10;
  const effort = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'} in ${elapsed} s`;
  if (outcome instanceof AttemptFailure) {
    return new Unavailable(
      couldNot(
        purpose,
        `${origin} could not be reached (${effort}): ${outcome.message}`,
        `${networkAdvice(outcome)}, then run again.`,
      ),
      { details: { attempts, elapsed, reason: outcome.reason }, cause: outcome, inDoubt },
    );
  }
  const { status } = outcome;
  const wait = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  const asked = wait === undefined ? '' : ` and asks to wait ${wait} s`;
  const details = { attempts, elapsed, status, ...(wait !== undefined && { retry_after: wait }) };
  if (status === 429) {
    return new RateLimited(
      couldNot(
        purpose,
        `JumpCloud limits the rate of requests${asked} (${effort})`,
        'Run again later, raise timeout, or spread the runs of your hosts over time.',
      ),
      { details, inDoubt },
    );
  }
  return new Unavailable(
    couldNot(
      purpose,
      `${origin} answered ${statusText(status)}${asked} (${effort})`,
      'JumpCloud is in trouble: see https://status.jumpcloud.com, and run again later.',
    ),
    { details, inDoubt },
  );
}

function networkAdvice({ at }: AttemptFailure): string {
  return at === 'proxy'
    ? 'Check the proxy, and what the proxy option or HTTPS_PROXY says'
    : 'Check network, name resolution, firewall and proxy of this host';
}

/** The error for an attempt that failed of something another attempt would not change. */
export function permanentError(
  { purpose, origin, inDoubt }: FailedRequest,
  failure: AttemptFailure,
): ModuleError {
  const { message, reason } = failure;
  const context = { details: { reason }, cause: failure, inDoubt };
  switch (failure.kind) {
    case 'tls': {
      const who =
        failure.at === 'proxy'
          ? `on the way to ${origin} the proxy could not prove who it is`
          : `${origin} could not prove that it is JumpCloud`;
      return new TlsFailure(couldNot(purpose, `${who}: ${message}`, tlsAdvice(reason)), context);
    }
    case 'proxy-refused': {
      const advice =
        reason === '407'
          ? 'Give it user and password in the proxy option or HTTPS_PROXY (http://user:password@host:port), or correct them.'
          : 'Check the proxy option and what the proxy allows.';
      return new Rejected(couldNot(purpose, `${origin} could not be reached: ${message}`, advice), {
        ...context,
        details: { status: Number(reason) },
      });
    }
    default:
      return new UnexpectedResponse(
        couldNot(
          purpose,
          `${origin} did not answer as JumpCloud does: ${message}`,
          'Check api_url, region and proxy: something else may be answering there.',
        ),
        context,
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
