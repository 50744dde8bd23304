import { isUtf8 } from 'node:buffer';
import { MAX_TIMER_MS } from '../../base/pause.ts';
import { AttemptError, classify } from '../errors/attempt-error.ts';
import { BodyBuffer, type BodyQuota } from './body-buffer.ts';
import { readHeaders } from './headers.ts';
import type { HttpClient } from './http-client.ts';

/** One request as it goes over the wire, signed already. */
export interface WireRequest {
  readonly origin: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | null;
}

/** An answer, whole. Header names are lower case. */
export interface WireReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** False when bytes of the body are lost because they are not UTF-8. */
  readonly isUtf8: boolean;
}

/** What all attempts of a run share. */
export interface AttemptContext {
  readonly http: HttpClient;
  readonly signal: AbortSignal;
  readonly bodyQuota: BodyQuota;
}

/** What came of one attempt. */
export interface AttemptResult {
  readonly outcome: WireReply | AttemptError;
  /** Whether JumpCloud may have carried out the request although the answer does not say so. */
  readonly mayHaveTakenEffect: boolean;
}

/**
 * One HTTP exchange, at most `timeoutMs` long from the first byte to the last. Never rejects but
 * with the signal's reason, when that is aborted.
 */
export function attempt(
  { http, signal, bodyQuota: room }: AttemptContext,
  request: WireRequest,
  timeoutMs: number,
): Promise<AttemptResult> {
  return new Promise((resolve, reject) => {
    const body = new BodyBuffer(room);
    let sent = false;
    let abort: ((reason: Error) => void) | undefined;
    let ended: Error | undefined;

    const clear = () => {
      clearTimeout(timer);
      body.release();
      signal.removeEventListener('abort', interrupt);
    };
    const finish = (outcome: WireReply | AttemptError) => {
      clear();
      const isRefused = !(outcome instanceof AttemptError) && outcome.status === 429;
      resolve({ outcome, mayHaveTakenEffect: sent && !isRefused });
    };
    // undici may still be connecting: then there is nothing to abort yet, and onConnect does it.
    const end = (failure: Error) => {
      ended = failure;
      abort?.(failure);
    };
    const interrupt = () => {
      clear();
      end(signal.reason);
      reject(signal.reason);
    };
    const expire = () => {
      const what = `${sent ? 'no complete answer' : 'no connection'} within ${tenths(timeoutMs)} s`;
      const failure = new AttemptError('network', what, 'timeout');
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
          const what =
            'the answer is larger than 8 MiB, or than 16 MiB with others at the same time';
          end(new AttemptError('unexpected', what, 'too-large'));
          return false;
        },
        onComplete() {
          const bytes = body.bytes();
          finish({ status, headers, body: bytes.toString('utf8'), isUtf8: isUtf8(bytes) });
        },
        onError(error) {
          finish(classify(error, status > 0));
        },
      },
    );
  });
}

/** Milliseconds as seconds for people, never 0. */
function tenths(ms: number): number {
  return Math.max(Math.round(ms / 100) / 10, 0.1);
}
