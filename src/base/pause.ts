/** Node's timers fire at once when asked for more milliseconds than this. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Waits so many milliseconds. Rejects with the signal's reason when it is aborted before. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Loaded only here: most runs never wait.
  const { setTimeout: sleep } = await import('node:timers/promises');
  try {
    await sleep(Math.min(Math.max(ms, 0), MAX_TIMER_MS), undefined, { signal });
  } catch {
    throw signal.reason;
  }
}
