import type { Session } from '../transport/session.ts';

/**
 * Waits for reads that run at the same time. Once one has failed, those on the wire are still answered,
 * so that the result of the run has what they read, but none is tried again.
 * @throws the failure that came first
 */
export async function readInParallel(
  session: Session,
  reads: readonly Promise<unknown>[],
): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const end = (error: unknown) => {
    failure ??= { error };
    session.end(error);
  };
  await Promise.all(reads.map((read) => read.catch(end)));
  if (failure !== undefined) throw failure.error;
}
