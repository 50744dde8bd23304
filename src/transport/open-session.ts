import type { RegistrationOptions } from '../agent/await-registration.ts';
import { isWorldReadable } from '../agent/key-file.ts';
import { API_ORIGINS, type Region, regionOfAgentServer } from '../agent/region.ts';
import type { Registration } from '../agent/registration.ts';
import type { Run } from '../run.ts';
import { openDestination, type TransportOptions } from './connect/destination.ts';
import type { HostSession } from './host-session.ts';

/** The options for the connection of this host to JumpCloud. */
export interface ConnectionOptions extends TransportOptions {
  readonly region: 'auto' | Region;
  readonly api_url: string | undefined;
}

/**
 * Returns the origin of the API for this host: `api_url`, or the origin of the region. For the
 * region `auto`, the region comes from `agentServerHost` in jcagent.conf. Calls `warn` if that
 * region is unknown.
 */
export function originFor(
  agentServerHost: string | undefined,
  options: Pick<ConnectionOptions, 'api_url' | 'region'>,
  warn: (reason: string, advice: string) => void,
): string {
  if (options.api_url !== undefined) return options.api_url;
  if (options.region !== 'auto') return API_ORIGINS[options.region];
  const region = regionOfAgentServer(agentServerHost);
  if (region === undefined) {
    warn(
      `agentServerHost "${agentServerHost}" in jcagent.conf belongs to no known region; the region "us" is assumed.`,
      'Set the option region to "us", "eu" or "in".',
    );
  }
  return API_ORIGINS[region ?? 'us'];
}

/**
 * Returns whether an origin belongs to the region in jcagent.conf; undefined if that region is
 * unknown.
 */
export function usesAgentRegion(
  agentServerHost: string | undefined,
  origin: string,
): boolean | undefined {
  const region = agentServerHost && regionOfAgentServer(agentServerHost);
  return region ? API_ORIGINS[region] === origin : undefined;
}

/** The options for the identity of this host and its connection to JumpCloud. Times in seconds. */
export type SessionOptions = ConnectionOptions & RegistrationOptions;

/** The work to do in a session. */
export interface SessionWork<T> {
  /** The number of requests that the work starts in parallel. */
  readonly requests: number;
  do(session: HostSession): Promise<T>;
}

/**
 * Opens a session for a registration, does the work in it, and closes it. Sends no request of its
 * own.
 * @throws BadIdentity when this host has no usable identity
 */
export async function withSessionForRegistration<T>(
  run: Run,
  registration: Registration,
  options: ConnectionOptions,
  work: SessionWork<T>,
): Promise<T> {
  const session = await openSessionForRegistration(run, registration, options, work.requests);
  try {
    return await work.do(session);
  } finally {
    session.close();
  }
}

async function openSessionForRegistration(
  run: Run,
  registration: Registration,
  options: ConnectionOptions,
  requests: number,
): Promise<HostSession> {
  const { agentServerHost, keyFile } = registration;
  if (isWorldReadable(keyFile)) {
    const { path } = keyFile;
    run.report.warn(`${path} can be read by every user of this host; run: chmod 600 ${path}`);
  }
  const origin = originFor(agentServerHost, options, (...sentences) =>
    run.report.warn(sentences.join(' ')),
  );
  // Opens the connection before the key is parsed, to save time. The connection is wasted only if
  // the key is invalid.
  const [destination, identity] = await openDestination(origin, options, requests, () =>
    registration.identity(),
  );
  const { openHostSession } = await import('./host-session.ts');
  const session = await openHostSession(
    run,
    identity,
    usesAgentRegion(agentServerHost, origin),
    destination,
  );
  run.report.setApiReport(() => session.report());
  return session;
}
