/**
 * Replaces `node:timers/promises` in tests with fake timers: vitest fakes only the global timers,
 * which this function uses.
 */
export function setTimeout(
  ms: number,
  value: unknown,
  { signal }: { signal: AbortSignal },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = globalThis.setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve(value);
    }, ms);
    signal.addEventListener('abort', abort);
  });
}
