import type { Identity } from '../agent/identity.ts';
import type { SessionRun } from '../run.ts';
import { SystemKeyAuthentication } from './auth/system-key.ts';
import type { Destination } from './connect/destination.ts';
import type { DestinationClient } from './http/http-client.ts';
import { openClient, Session } from './session.ts';

/** A session that acts as this host: JumpCloud's System Context. */
export class HostSession extends Session {
  readonly identity: Identity;
  override readonly authentication: SystemKeyAuthentication;

  constructor(
    run: SessionRun,
    identity: Identity,
    authentication: SystemKeyAuthentication,
    destination: Destination,
    client: DestinationClient,
  ) {
    super(run, authentication, destination, client);
    this.authentication = authentication;
    this.identity = identity;
  }
}

/**
 * Opens a session of this host. `usesAgentRegion`: whether requests go to the region that
 * jcagent.conf names; undefined if it names no known region.
 */
export async function openHostSession(
  run: SessionRun,
  identity: Identity,
  usesAgentRegion: boolean | undefined,
  destination: Destination,
): Promise<HostSession> {
  const authentication = new SystemKeyAuthentication(identity, usesAgentRegion);
  const client = await openClient(run, destination);
  return new HostSession(run, identity, authentication, destination, client);
}
