import { isUtf8 } from 'node:buffer';
import { MAX_TIMER_MS } from '../../base/pause.ts';
import { AttemptError, toAttemptError } from '../errors/attempt-error.ts';
import { BodyBuffer, type BodyQuota } from './body-buffer.ts';
import { readHeaders } from './headers.ts';
import type { HttpClient } from './http-client.ts';

/** A request as it is sent, with its credentials. */
export interface WireRequest {
  readonly origin: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/** A complete answer. Header names are lower case. */
export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** True if the body is valid UTF-8. In `body`, U+FFFD replaces invalid bytes. */
  readonly isUtf8: boolean;
}

/** The context that all attempts of a session share. */
export interface AttemptContext {
  readonly http: HttpClient;
  readonly signal: AbortSignal;
  readonly bodyQuota: BodyQuota;
}

/** The result of one attempt. */
export interface AttemptResult {
  readonly outcome: WireReply | AttemptError;
  /**
   * True if the request may have taken effect: it was sent, and no answer with status 429 refused
   * it.
   */
  readonly mayHaveTakenEffect: boolean;
}

/**
 * Sends a request and reads the whole answer within `timeoutMs`. Rejects only if the signal is
 * aborted, with its reason.
 */
export function attempt(
  { http, signal, bodyQuota }: AttemptContext,
  request: WireRequest,
  timeoutMs: number,
): Promise<AttemptResult> {
  return new Promise((resolve, reject) => {
    const body = new BodyBuffer(bodyQuota);
    let sent = false;
    let abort: ((reason: Error) => void) | undefined;
    let ended: Error | undefined;

    const cleanUp = () => {
      clearTimeout(timer);
      body.release();
      signal.removeEventListener('abort', interrupt);
    };
    const finish = (outcome: WireReply | AttemptError) => {
      cleanUp();
      const isRefused = !(outcome instanceof AttemptError) && outcome.status === 429;
      resolve({ outcome, mayHaveTakenEffect: sent && !isRefused });
    };
    // undici cannot abort a request while it connects, so onConnect aborts the request later.
    const end = (failure: Error) => {
      ended = failure;
      abort?.(failure);
    };
    const interrupt = () => {
      cleanUp();
      end(signal.reason);
      reject(signal.reason);
    };
    const expire = () => {
      const message = `${sent ? 'no complete answer' : 'no connection'} within ${toSeconds(timeoutMs)} s`;
      const failure = new AttemptError('network', message, 'timeout');
      end(failure);
      finish(failure);
    };
    const timer = setTimeout(expire, Math.min(timeoutMs, MAX_TIMER_MS));
    signal.addEventListener('abort', interrupt);
    if (signal.aborted) return interrupt();

    let status = 0;
    let headers: Record<string, string> = {};
    http.dispatch(
      { ...request, headersTimeout: 0, bodyTimeout: 0 },
      {
        onConnect(abortRequest) {
          abort = abortRequest;
          if (ended) return abortRequest(ended);
          sent = true;
        },
        onHeaders(statusCode, raw) {
          status = statusCode;
          headers = readHeaders(raw);
          return true;
        },
        onData(chunk) {
          if (body.append(chunk)) return true;
          const message =
            'the answer is larger than 8 MiB, or parallel answers together are larger than 16 MiB';
          end(new AttemptError('unexpected', message, 'too-large'));
          return false;
        },
        onComplete() {
          const bytes = body.bytes();
          finish({ status, headers, body: bytes.toString('utf8'), isUtf8: isUtf8(bytes) });
        },
        onError(error) {
          finish(toAttemptError(error, status > 0));
        },
      },
    );
  });
}

/** Converts milliseconds to seconds with one decimal, at least 0.1. */
function toSeconds(ms: number): number {
  return Math.max(Math.round(ms / 100) / 10, 0.1);
}
