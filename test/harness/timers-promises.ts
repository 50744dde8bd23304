/**
 * Replaces the `setTimeout` of `node:timers/promises` in tests that use fake timers. vitest fakes
 * only the global timers, so this function uses them.
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
