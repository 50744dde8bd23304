import type { Identity } from '../agent/identity.ts';
import type { Run } from '../run.ts';
import type { Destination } from './open-destination.ts';
import { Session } from './session.ts';
import { SignedAuthentication } from './signed-authentication.ts';

/** This host's way to JumpCloud, as the system that it is. */
export class HostSession extends Session {
  readonly identity: Identity;
  override readonly authentication: SignedAuthentication;

  constructor(
    run: Run,
    identity: Identity,
    originIsAgents: boolean | undefined,
    destination: Destination,
  ) {
    const authentication = new SignedAuthentication(identity, originIsAgents);
    super(run, authentication, destination);
    this.authentication = authentication;
    this.identity = identity;
  }
}
