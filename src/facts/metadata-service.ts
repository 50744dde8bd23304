import { type IncomingHttpHeaders, request } from 'node:http';
import { monotonicMs } from '../base/monotonic-clock.ts';

/** For one request, in milliseconds. */
const REQUEST_MS = 1000;
/** For all requests of a run, in milliseconds. */
const TOTAL_MS = 3000;
const MAX_BYTES = 64 * 1024;

/** A metadata service's answer. */
export interface MetadataAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** No usable answer; the message is a phrase, `no answer within 1 s`. */
export class MetadataError extends Error {}

/** A request to a metadata service. */
export interface MetadataRequest {
  readonly address?: string;
  readonly method?: 'GET' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Sends requests to the link-local metadata service of this instance: plain HTTP, never through a
 * proxy, redirects not followed. One second a request, three seconds in all.
 */
export class MetadataService {
  readonly #signal: AbortSignal;
  #end: number | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /**
   * Sends a request.
   * @throws MetadataError when there is no whole answer, or a redirect
   */
  send({
    address = '169.254.169.254',
    method = 'GET',
    path,
    headers = {},
  }: MetadataRequest): Promise<MetadataAnswer> {
    const now = monotonicMs();
    this.#end ??= now + TOTAL_MS;
    const timeoutMs = Math.min(REQUEST_MS, this.#end - now);
    const isLate = timeoutMs < REQUEST_MS;
    const noAnswer = `no answer within ${isLate ? '3 s in all' : '1 s'}`;
    if (timeoutMs <= 0) return Promise.reject(new MetadataError(noAnswer));
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: address, port: 80, method, path, headers, agent: false });
      const end = (error: unknown) => {
        clearTimeout(timer);
        this.#signal.removeEventListener('abort', interrupt);
        outgoing.destroy();
        reject(error);
      };
      const interrupt = () => end(this.#signal.reason);
      const timer = setTimeout(() => end(new MetadataError(noAnswer)), timeoutMs);
      if (this.#signal.aborted) return interrupt();
      this.#signal.addEventListener('abort', interrupt);
      outgoing.on('error', (error: NodeJS.ErrnoException) =>
        end(new MetadataError(`not reachable: ${error.code ?? error.message}`)),
      );
      outgoing.on('response', (incoming) => {
        const { statusCode: status = 0 } = incoming;
        if (status >= 300 && status < 400) {
          return end(new MetadataError(`answered with a redirect (${status})`));
        }
        const chunks: Buffer[] = [];
        let length = 0;
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length > MAX_BYTES) end(new MetadataError('answered with more than 64 KiB'));
        });
        incoming.on('error', () => end(new MetadataError('the answer broke off')));
        incoming.on('end', () => {
          clearTimeout(timer);
          this.#signal.removeEventListener('abort', interrupt);
          const body = Buffer.concat(chunks).toString('utf8');
          resolve({ status, headers: incoming.headers, body });
        });
      });
      outgoing.end();
    });
  }
}

/** Parses the JSON object of an answer; one without fields when it holds none. */
export function parseObject(body: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}
