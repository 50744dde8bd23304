import {
  failureText,
  type ModuleError,
  RateLimited,
  Rejected,
  TlsFailure,
  Unavailable,
  UnexpectedResponse,
} from '../../base/errors.ts';
import { formatCount } from '../../base/printable.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { WireReply } from '../http/attempt.ts';
import { statusText } from '../http/status-text.ts';
import { AttemptError } from './attempt-error.ts';
import { notJumpCloudAdvice } from './not-jumpcloud-advice.ts';
import { tlsAdvice } from './tls-advice.ts';
import { explainTlsAlert } from './tls-error.ts';

/** A request that failed. */
export interface FailedRequest {
  /** Completes the message "Could not …". */
  readonly purpose: string;
  /** The origin of the request, and its proxy if there is one, for messages. */
  readonly origin: string;
  readonly urlOption: Authentication['urlOption'];
  /** True if the request is a write that may have taken effect although no answer confirmed it. */
  readonly inDoubt: boolean;
}

/** A request whose attempts all failed. Times in milliseconds. */
export interface RetriedRequest extends FailedRequest {
  readonly attempts: number;
  readonly elapsedMs: number;
  readonly retryAfterMs: number | undefined;
}

/** Returns the error for a request after its last transient failure. */
export function retriesExhaustedError(
  request: RetriedRequest,
  outcome: WireReply | AttemptError,
): ModuleError {
  const { purpose, origin, attempts, elapsedMs, retryAfterMs, inDoubt } = request;
  const elapsed = Math.round(elapsedMs / 100) / 10;
  const effort = `${formatCount(attempts, 'attempt')} in ${elapsed} s`;
  const wait = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  const waitClause = wait === undefined ? '' : ` and asks to wait ${wait} s`;
  const effortDetails = { elapsed, ...(wait !== undefined && { retry_after: wait }) };
  if (outcome instanceof AttemptError) {
    return new Unavailable(
      failureText(
        purpose,
        `${origin} gave no usable answer (${effort}): ${outcome.message}${waitClause}`,
        `${networkAdvice(outcome)}, then run again.`,
      ),
      { attempts, details: { ...effortDetails, reason: outcome.reason }, cause: outcome, inDoubt },
    );
  }
  const { status } = outcome;
  const details = { ...effortDetails, status };
  if (status === 429) {
    return new RateLimited(
      failureText(
        purpose,
        `JumpCloud limits the rate of requests${waitClause} (gave up after ${effort})`,
        'Run again later, raise timeout, or spread the runs of your hosts over time.',
      ),
      { details: { attempts, ...details }, inDoubt },
    );
  }
  return new Unavailable(
    failureText(
      purpose,
      `${origin} answered ${statusText(status)}${waitClause} (${effort})`,
      'JumpCloud may have an outage. See https://status.jumpcloud.com, and run again later.',
    ),
    { attempts, details, inDoubt },
  );
}

function networkAdvice({ peer }: AttemptError): string {
  return peer === 'proxy'
    ? 'Check the proxy, and its address in the proxy option or HTTPS_PROXY'
    : 'Check the network, name resolution, firewall and proxy of this host';
}

/** Returns the error for an attempt with a permanent failure, which is not retried. */
export function permanentError(
  { purpose, origin, inDoubt, urlOption }: FailedRequest,
  failure: AttemptError,
): ModuleError {
  const { message, reason } = failure;
  const context = { details: { reason }, cause: failure, inDoubt };
  switch (failure.kind) {
    case 'tls': {
      const isProxy = failure.peer === 'proxy';
      const peer = isProxy ? `${origin} could not be reached, because the proxy` : origin;
      const proof = isProxy ? 'its identity' : 'that it is JumpCloud';
      const failed = explainTlsAlert(reason) ? 'refused to connect' : `could not prove ${proof}`;
      return new TlsFailure(
        failureText(purpose, `${peer} ${failed}: ${message}`, tlsAdvice(reason)),
        context,
      );
    }
    case 'proxy-refused': {
      const advice =
        reason === '407'
          ? 'Give the correct user and password of the proxy in the proxy option or HTTPS_PROXY (http://user:password@host:port).'
          : 'Check the proxy option, and whether the proxy allows this connection.';
      return new Rejected(
        failureText(purpose, `${origin} could not be reached: ${message}`, advice),
        {
          ...context,
          details: { status: Number(reason) },
        },
      );
    }
    default:
      return new UnexpectedResponse(
        failureText(
          purpose,
          `${origin} did not answer as JumpCloud does: ${message}`,
          notJumpCloudAdvice({ urlOption }),
        ),
        context,
      );
  }
}
