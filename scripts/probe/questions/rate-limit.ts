import type { Exchange } from '../client.ts';
import { recordReadRequest } from '../host-actions.ts';
import { defineQuestion, type Probe } from '../question.ts';

const BURST_REQUESTS = 60;
const PARALLEL_REQUESTS = 5;

/** Asks how JumpCloud answers a burst of reads of this host's record. Ends at the first 429. */
export const rateLimit = defineQuestion({
  id: 'rate_limit',
  question: `Are ${BURST_REQUESTS} reads in quick succession limited, and does a 429 have Retry-After?`,
  assumption: 'Limits are not published. Retry-After may be there, in seconds or as a date.',
  confidence: 'inferred',
  otherwise:
    'Without Retry-After, the modules wait for a random time that doubles with each attempt.',
  async ask({ client }: Probe) {
    const start = performance.now();
    let sent = 0;
    let limited: Exchange | undefined;
    const worker = async () => {
      while (limited === undefined && sent < BURST_REQUESTS) {
        sent++;
        const exchange = await client.sendOnce(recordReadRequest(client.systemId));
        if (exchange.status === 429) limited ??= exchange;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, worker));
    const seconds = Math.round((performance.now() - start) / 100) / 10;
    return { limited: limited !== undefined, requests: sent, seconds, ...retryAfterOf(limited) };
  },
  judge({ limited, requests, seconds, retry_after, wait_s }) {
    if (!limited) {
      return {
        verdict: 'open',
        summary: `${requests} reads in ${seconds} s were not limited.`,
        module: 'The modules send far fewer requests, so they are not limited.',
      };
    }
    const wait =
      retry_after === 'none'
        ? 'without Retry-After'
        : `with Retry-After ${retry_after === 'date' ? 'as a date' : 'in seconds'}: ${wait_s} s`;
    return {
      verdict: 'as assumed',
      summary: `The limit was reached after ${requests} reads in ${seconds} s. The answer was 429 ${wait}.`,
      module:
        retry_after === 'none'
          ? 'The modules wait for a random time that doubles with each attempt, and try again until timeout.'
          : 'The modules wait as long as JumpCloud asks and a random time more, and try again until timeout.',
    };
  },
});

function retryAfterOf(limited: Exchange | undefined): {
  readonly retry_after: 'seconds' | 'date' | 'none';
  readonly wait_s: number;
} {
  const value = limited?.headers['retry-after'] ?? '';
  if (/^\d{1,6}$/.test(value)) return { retry_after: 'seconds', wait_s: Number(value) };
  const waitMs = Date.parse(value) - Date.parse(limited?.headers['date'] ?? '');
  if (Number.isNaN(waitMs)) return { retry_after: 'none', wait_s: 0 };
  return { retry_after: 'date', wait_s: Math.round(waitMs / 1000) };
}
