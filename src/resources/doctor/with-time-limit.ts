/**
 * Returns the result of `work`, if it ends within `timeoutMs` milliseconds. Otherwise rejects with
 * `createError()`, or with the signal's reason if the signal is aborted. Does not stop the work.
 */
export async function withTimeLimit<T>(
  work: Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
  createError: () => Error,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(createError()), timeoutMs);
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}
