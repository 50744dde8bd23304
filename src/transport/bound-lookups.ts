/** In seconds: how long the system's resolver waits for one server, in a short run and in any other. */
const PATIENCE_S = { short: 1, usual: 2 };
const SHORT_RUN_MS = 10_000;

/**
 * Bounds how long the system looks for a host's name when no name server answers. A process cannot
 * end before that, and by default glibc asks each of up to three servers twice for 5 seconds, and
 * all that again with a domain to search. Here it asks once, as every attempt asks anew: of one, two
 * or three dead servers a lookup takes 2, 4 or 5 seconds at most, in a short run 1, 2 or 3. With a
 * domain to search it is twice that, but JumpCloud's own names are complete and not searched for.
 *
 * glibc reads these variables with the first lookup. Others do not: musl gives up after 5 seconds by
 * itself; macOS is not bounded.
 */
export function boundLookups(
  host: string,
  timeoutMs: number,
  environment: NodeJS.ProcessEnv,
): void {
  const given = environment['RES_OPTIONS'] ?? '';
  // Of an option given twice the last counts. One that is stricter already stays.
  const atMost = (name: string, most: number) => {
    const values = [...given.matchAll(new RegExp(`\\b${name}:(\\d+)`, 'g'))].map(([, n]) =>
      Number(n),
    );
    return `${name}:${Math.min(most, ...values)}`;
  };
  const patience = timeoutMs < SHORT_RUN_MS ? PATIENCE_S.short : PATIENCE_S.usual;
  environment['RES_OPTIONS'] =
    `${given} ${atMost('attempts', 1)} ${atMost('timeout', patience)}`.trimStart();
  // No domain can be called that, so glibc asks nobody. An empty list would ask for the name twice.
  if (host.endsWith('.jumpcloud.com')) environment['LOCALDOMAIN'] = '..';
}
