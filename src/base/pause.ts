/**
 * The longest delay of a Node.js timer, in milliseconds. A timer with a longer delay fires at once.
 */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Waits `ms` milliseconds. Rejects with the signal's reason if the signal is aborted first. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Imported on demand, because most runs never wait.
  const { setTimeout: sleep } = await import('node:timers/promises');
  try {
    await sleep(Math.min(Math.max(ms, 0), MAX_TIMER_MS), undefined, { signal });
  } catch {
    throw signal.reason;
  }
}
