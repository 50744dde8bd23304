import { setMaxListeners } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { monotonicMs } from '../base/monotonic-clock.ts';

/** For one request, in milliseconds. */
const REQUEST_MS = 1000;
/** For all requests of a run, in milliseconds. */
const TOTAL_MS = 3000;
const MAX_BYTES = 64 * 1024;

/** A metadata service's answer. */
export interface MetadataAnswer {
  /** Undefined when the service has nothing at that path (404). */
  readonly body: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** There is no usable answer. The message follows the service's name: `did not answer within 1 s`. */
export class MetadataError extends Error {}

/** A request to a metadata service. */
export interface MetadataRequest {
  readonly address?: string;
  readonly method?: 'GET' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends requests to the link-local metadata service of this instance: over plain HTTP, never through a
 * proxy, without following redirects. One second per request, three seconds for all.
 */
export class MetadataService {
  readonly #signal: AbortSignal;
  #deadline: number | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    // One listener for each parallel request: Node.js 18 and 20 would warn on stderr from 11 on.
    setMaxListeners(0, signal);
  }

  /**
   * Sends a request and reads the whole answer.
   * @throws MetadataError unless the service answers 200 or 404, in time and within the size limit
   */
  send({
    address = '169.254.169.254',
    method = 'GET',
    path,
    headers = {},
  }: MetadataRequest): Promise<MetadataAnswer> {
    const now = monotonicMs();
    this.#deadline ??= now + TOTAL_MS;
    const timeoutMs = Math.min(REQUEST_MS, this.#deadline - now);
    const limit = timeoutMs < REQUEST_MS ? '3 s in all' : '1 s';
    const late = new MetadataError(`did not answer within ${limit}`);
    if (timeoutMs <= 0) return Promise.reject(late);
    return new Promise((resolve, reject) => {
      // An agent of its own: the global one may use a proxy from the environment.
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
      const timer = setTimeout(() => fail(late), timeoutMs);
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
          if (length > MAX_BYTES) fail(new MetadataError('answered with more than 64 KiB'));
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
