/**
 * What stands for `node:timers/promises` where a test turns the clock: vitest fakes the global
 * timers, and not these.
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
