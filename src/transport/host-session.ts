import type { Identity } from '../agent/identity.ts';
import type { SessionRun } from '../run.ts';
import { SystemKeyAuthentication } from './auth/system-key.ts';
import type { Destination } from './connect/destination.ts';
import type { DestinationClient } from './http/http-client.ts';
import { openClient, Session } from './session.ts';

/** A session that authenticates as this host, with the System Context API. */
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
 * Opens a session that authenticates as this host. `usesAgentRegion` is true if requests go to the
 * region in jcagent.conf, and undefined if that region is unknown.
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
