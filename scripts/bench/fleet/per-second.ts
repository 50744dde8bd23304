import type { LoggedRequest } from '../../../test/emulator/types.ts';

/** The numbers of requests in one second. `refused` counts the requests that were answered 429. */
export interface RequestCounts {
  readonly answered: number;
  readonly refused: number;
}

/** Counts the requests of each second, from the first request on. */
export function countPerSecond(requests: readonly LoggedRequest[]): RequestCounts[] {
  const start = requests[0]?.startedAt ?? 0;
  const counts: { answered: number; refused: number }[] = [];
  for (const { startedAt, status } of requests) {
    const index = Math.floor((startedAt - start) / 1000);
    while (counts.length <= index) counts.push({ answered: 0, refused: 0 });
    const second = counts[index];
    if (second !== undefined) second[status === 429 ? 'refused' : 'answered']++;
  }
  return counts;
}

/** Returns the number of all requests of a second. */
export function totalRequests({ answered, refused }: RequestCounts): number {
  return answered + refused;
}
