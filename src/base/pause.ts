/** The longest delay of Node.js timers, in milliseconds. With a longer delay they fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Waits `ms` milliseconds. Rejects with the signal's reason if the signal is aborted first. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Loaded only here: most runs never wait.
  const { setTimeout: sleep } = await import('node:timers/promises');
  try {
    await sleep(Math.min(Math.max(ms, 0), MAX_TIMER_MS), undefined, { signal });
  } catch {
    throw signal.reason;
  }
}
