import type { Identity } from '../agent/identity.ts';
import type { Run } from '../run.ts';
import { SystemKeyAuthentication } from './auth/system-key.ts';
import type { Destination } from './connect/destination.ts';
import type { DestinationClient } from './http/http-client.ts';
import { openClient, Session } from './session.ts';

/** This host's way to JumpCloud, as the system that it is. */
export class HostSession extends Session {
  readonly identity: Identity;
  override readonly authentication: SystemKeyAuthentication;

  constructor(
    run: Run,
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
 * Opens a session of this host. `originIsAgents`: whether the API is the one that jcagent.conf names;
 * undefined if it names none.
 */
export async function openHostSession(
  run: Run,
  identity: Identity,
  originIsAgents: boolean | undefined,
  destination: Destination,
): Promise<HostSession> {
  const authentication = new SystemKeyAuthentication(identity, originIsAgents);
  const client = await openClient(run, destination);
  return new HostSession(run, identity, authentication, destination, client);
}
