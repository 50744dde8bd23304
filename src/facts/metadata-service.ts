import { setMaxListeners } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { monotonicMs } from '../base/monotonic-clock.ts';

/** The timeout of one request, in milliseconds. */
const REQUEST_TIMEOUT_MS = 1000;
/** The total timeout of all requests of a run, in milliseconds. */
const TOTAL_TIMEOUT_MS = 3000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** A metadata service's answer. */
export interface MetadataAnswer {
  /** Undefined if the service answered 404. */
  readonly body: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/**
 * A metadata service gave no usable answer. The message is printed after the service's name, for
 * example `did not answer within 1 s`.
 */
export class MetadataError extends Error {}

/** A request to a metadata service. */
export interface MetadataRequest {
  readonly address?: string;
  readonly method?: 'GET' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends requests to the link-local metadata service over plain HTTP. Uses no proxy and follows no
 * redirects. Allows one second per request, and three seconds for all requests.
 */
export class MetadataService {
  readonly #signal: AbortSignal;
  #deadline: number | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    // Each parallel request adds a listener to the signal. Node.js 18 and 20 would print a warning
    // about more than ten listeners.
    setMaxListeners(0, signal);
  }

  /**
   * Sends a request and reads the whole answer.
   * @throws MetadataError for a failure, a timeout, a status other than 200 or 404, or an answer
   * that is too large
   */
  send({
    address = '169.254.169.254',
    method = 'GET',
    path,
    headers = {},
  }: MetadataRequest): Promise<MetadataAnswer> {
    const now = monotonicMs();
    this.#deadline ??= now + TOTAL_TIMEOUT_MS;
    const timeoutMs = Math.min(REQUEST_TIMEOUT_MS, this.#deadline - now);
    const limit = timeoutMs < REQUEST_TIMEOUT_MS ? '3 s in all' : '1 s';
    const timeoutError = new MetadataError(`did not answer within ${limit}`);
    if (timeoutMs <= 0) return Promise.reject(timeoutError);
    return new Promise((resolve, reject) => {
      // Uses a new HTTP agent, because the global HTTP agent of Node.js may use a proxy from the
      // environment.
      const outgoing = request({ host: address, port: 80, method, path, headers, agent: false });
      const finish = () => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', interrupt);
        outgoing.destroy();
      };
      const fail = (error: unknown) => {
        finish();
        reject(error);
      };
      const interrupt = () => fail(this.#signal.reason);
      const timer = setTimeout(() => fail(timeoutError), timeoutMs);
      outgoing.on('error', (error) => fail(new MetadataError(describeError(error))));
      outgoing.on('response', (incoming) => {
        const { statusCode: status, headers: received } = incoming;
        if (status !== 200 && status !== 404) {
          return fail(new MetadataError(`answered with status ${status}`));
        }
        const chunks: Buffer[] = [];
        let length = 0;
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > MAX_ANSWER_BYTES) fail(new MetadataError('answered with more than 64 KiB'));
        });
        incoming.on('error', () => fail(new MetadataError('did not complete its answer')));
        incoming.on('end', () => {
          finish();
          const body = status === 200 ? Buffer.concat(chunks).toString('utf8') : undefined;
          resolve({ body, headers: received });
        });
      });
      this.#signal.addEventListener('abort', interrupt);
      if (this.#signal.aborted) interrupt();
      else outgoing.end();
    });
  }
}

function describeError({ code, message }: NodeJS.ErrnoException): string {
  return code?.startsWith('HPE_')
    ? `did not answer in HTTP (${code})`
    : `could not be reached (${code ?? message})`;
}
