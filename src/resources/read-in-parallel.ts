import type { Session } from '../transport/session.ts';

/**
 * Waits for reads that run in parallel. After the first failure, retries no request, but waits for
 * the answers to requests under way, so that the module's result contains their data.
 * @throws the first failure
 */
export async function readInParallel(
  session: Session,
  reads: readonly Promise<unknown>[],
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const stopRetries = (error: unknown) => {
    failure ??= { error };
    session.stopRetries(error);
  };
  await Promise.all(reads.map((read) => read.catch(stopRetries)));
  if (failure !== undefined) throw failure.error;
}
