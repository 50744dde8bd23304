import { awaitRegistration } from '../agent/await-registration.ts';
import { API_ORIGINS, type Region, regionOf } from '../agent/region.ts';
import type { Registration } from '../agent/registration.ts';
import { requireSystem } from '../agent/require-system.ts';
import type { Run } from '../run.ts';
import { openDestination, type TransportOptions } from './connect/destination.ts';
import type { HostSession } from './host-session.ts';

/** The options that say how this host reaches JumpCloud. */
export interface ConnectionOptions extends TransportOptions {
  readonly region: 'auto' | Region;
  readonly api_url: string | undefined;
  /** The system that this host has to be. */
  readonly system_id: string | undefined;
}

/** Where this host's JumpCloud is: the address asked for, else the region's. */
function originFor(
  { agentServerHost }: Registration,
  options: ConnectionOptions,
  run: Run,
): string {
  if (options.api_url !== undefined) return options.api_url;
  if (options.region !== 'auto') return API_ORIGINS[options.region];
  const region = regionOf(agentServerHost);
  if (region === undefined) {
    run.report.warn(
      `agentServerHost "${agentServerHost}" in jcagent.conf is of no known region; us is assumed. Say which with region.`,
    );
  }
  return API_ORIGINS[region ?? 'us'];
}

/** The options that say who this host is and how it reaches JumpCloud. Times in seconds. */
export interface SessionOptions extends ConnectionOptions {
  readonly agent_dir: string;
  readonly registration_timeout: number;
}

/** What is done with the way to JumpCloud open. */
export interface SessionWork<T> {
  /** How many requests it begins with at the same time. */
  readonly requests: number;
  do(session: HostSession): Promise<T>;
}

/**
 * Does something with the way to JumpCloud open: reads this host's registration, waiting for the agent
 * if asked to, and closes the way afterwards.
 * @throws NotEnrolled, BadIdentity when this host has no identity that can serve
 */
export async function withSession<T>(
  run: Run,
  options: SessionOptions,
  work: SessionWork<T>,
): Promise<T> {
  const { agent_dir, registration_timeout } = options;
  const registration = await awaitRegistration(agent_dir, registration_timeout, run);
  return withRegistration(run, registration, options, work);
}

/** The same for a registration that was read already. No request is sent before the work does. */
export async function withRegistration<T>(
  run: Run,
  registration: Registration,
  options: ConnectionOptions,
  work: SessionWork<T>,
): Promise<T> {
  const session = await openSession(run, registration, options, work.requests);
  try {
    return await work.do(session);
  } finally {
    session.close();
  }
}

async function openSession(
  run: Run,
  registration: Registration,
  options: ConnectionOptions,
  requests: number,
): Promise<HostSession> {
  const { systemId, agentServerHost, keyFile } = registration;
  requireSystem(options.system_id, systemId);
  for (const warning of keyFile.warnings) run.report.warn(warning);
  const origin = originFor(registration, options, run);
  // While the connection is under way: what looks like a key hardly ever turns out to be none.
  const [destination, identity] = await openDestination(origin, options, requests, () =>
    registration.identity(),
  );
  const agents = agentServerHost && regionOf(agentServerHost);
  const originIsAgents = agents ? API_ORIGINS[agents] === origin : undefined;
  const { openHostSession } = await import('./host-session.ts');
  const session = await openHostSession(run, identity, originIsAgents, destination);
  run.report.setApi(() => session.report());
  return session;
}
