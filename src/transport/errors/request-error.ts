import {
  failureMessage,
  type ModuleError,
  RateLimited,
  Rejected,
  TlsFailure,
  Unavailable,
  UnexpectedResponse,
} from '../../base/errors.ts';
import { countOf } from '../../base/printable.ts';
import type { WireReply } from '../http/attempt.ts';
import { statusText } from '../http/status-text.ts';
import { AttemptError } from './attempt-error.ts';
import { tlsAdvice, tlsAlert } from './tls-error.ts';

/** What to do when whatever answers is not JumpCloud. */
export const NOT_JUMPCLOUD_ADVICE =
  'Check api_url, region and proxy: something else may be answering there.';

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
  outcome: WireReply | AttemptError,
): ModuleError {
  const { purpose, origin, attempts, elapsedMs, retryAfterMs, inDoubt } = tried;
  const elapsed = Math.round(elapsedMs / 100) / 10;
  const effort = `${countOf(attempts, 'attempt')} in ${elapsed} s`;
  const wait = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  const asked = wait === undefined ? '' : ` and asks to wait ${wait} s`;
  const tries = { elapsed, ...(wait !== undefined && { retry_after: wait }) };
  if (outcome instanceof AttemptError) {
    return new Unavailable(
      failureMessage(
        purpose,
        `${origin} could not be reached (${effort}): ${outcome.message}${asked}`,
        `${networkAdvice(outcome)}, then run again.`,
      ),
      { attempts, details: { ...tries, reason: outcome.reason }, cause: outcome, inDoubt },
    );
  }
  const { status } = outcome;
  const details = { ...tries, status };
  if (status === 429) {
    return new RateLimited(
      failureMessage(
        purpose,
        `JumpCloud limits the rate of requests${asked} (${effort})`,
        'Run again later, raise timeout, or spread the runs of your hosts over time.',
      ),
      { details: { attempts, ...details }, inDoubt },
    );
  }
  return new Unavailable(
    failureMessage(
      purpose,
      `${origin} answered ${statusText(status)}${asked} (${effort})`,
      'JumpCloud is in trouble: see https://status.jumpcloud.com, and run again later.',
    ),
    { attempts, details, inDoubt },
  );
}

function networkAdvice({ at }: AttemptError): string {
  return at === 'proxy'
    ? 'Check the proxy, and what the proxy option or HTTPS_PROXY says'
    : 'Check network, name resolution, firewall and proxy of this host';
}

/** The error for an attempt that failed of something another attempt would not change. */
export function permanentError(
  { purpose, origin, inDoubt }: FailedRequest,
  failure: AttemptError,
): ModuleError {
  const { message, reason } = failure;
  const context = { details: { reason }, cause: failure, inDoubt };
  switch (failure.kind) {
    case 'tls': {
      const isProxy = failure.at === 'proxy';
      const who = isProxy ? `on the way to ${origin} the proxy` : origin;
      const proof = isProxy ? 'who it is' : 'that it is JumpCloud';
      const what = tlsAlert(reason) ? 'refused to connect' : `could not prove ${proof}`;
      const told = failureMessage(purpose, `${who} ${what}: ${message}`, tlsAdvice(reason));
      return new TlsFailure(told, context);
    }
    case 'proxy-refused': {
      const advice =
        reason === '407'
          ? 'Give it user and password in the proxy option or HTTPS_PROXY (http://user:password@host:port), or correct them.'
          : 'Check the proxy option and what the proxy allows.';
      return new Rejected(
        failureMessage(purpose, `${origin} could not be reached: ${message}`, advice),
        {
          ...context,
          details: { status: Number(reason) },
        },
      );
    }
    default:
      return new UnexpectedResponse(
        failureMessage(
          purpose,
          `${origin} did not answer as JumpCloud does: ${message}`,
          NOT_JUMPCLOUD_ADVICE,
        ),
        context,
      );
  }
}
