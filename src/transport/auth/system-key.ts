import type { Identity } from '../../agent/identity.ts';
import { sign } from '../../signing/sign.ts';
import type { Authentication, Credentials, SessionEvidence } from './authentication.ts';

/** Signs every request with the key of this host's agent. */
export class SystemKeyAuthentication implements Authentication {
  readonly isTimeBound = true;
  readonly #identity: Identity;
  readonly #originIsAgents: boolean | undefined;
  #enrolledAs: string | undefined;

  /** `originIsAgents`: whether the API is the one that jcagent.conf names; undefined if it names none. */
  constructor(identity: Identity, originIsAgents: boolean | undefined) {
    this.#identity = identity;
    this.#originIsAgents = originIsAgents;
  }

  /** Takes how this host was enrolled (`administrator`, `mdm`, `user`), once its record was read. */
  setEnrolment(enrolledAs: string | undefined): void {
    this.#enrolledAs = enrolledAs;
  }

  authenticate(method: string, path: string, time: number): Credentials {
    const { date, authorization, signature } = sign(this.#identity, method, path, time);
    return { headers: { date, authorization }, secret: signature };
  }

  explain401({ origin, accepted, clock }: SessionEvidence) {
    const causes: string[] = [];
    if (this.#enrolledAs === 'mdm' || this.#enrolledAs === 'user') {
      const how = this.#enrolledAs === 'mdm' ? 'by MDM' : 'through the User Portal';
      causes.push(
        `this host was enrolled ${how}, and JumpCloud lets only hosts enrolled by an administrator (connect key) act for themselves: enrol it anew with a connect key`,
      );
    }
    const replaced = accepted ? '' : ', or is of another registration than client.key';
    causes.push(
      `the record of system ${this.#identity.systemId} was deleted in JumpCloud${replaced}: register the agent anew`,
    );
    if (!accepted) {
      causes.push(
        'this host was enrolled by MDM, Apple ADE or through the User Portal, and JumpCloud lets no such host act for itself: enrol it anew with a connect key',
      );
      if (this.#identity.keyMatchesCertificate === undefined) {
        causes.push(
          'client.key is not of this registration (there is no usable client.crt to compare it with): register the agent anew',
        );
      }
      if (this.#originIsAgents !== true) {
        causes.push(
          `the organisation is in another region than ${origin}: set region (us, eu or in)`,
        );
      }
      if (clock.offsetMs === undefined) {
        causes.push(
          "this host's clock is wrong (the answer gave no usable time to compare it with): set it, for example with chrony",
        );
      }
    }
    // The corrected time was refused as well, so the clock is not the whole trouble.
    const wrongClock = clock.clockCause();
    if (wrongClock !== undefined) causes.push(wrongClock);
    return { who: 'this host', causes };
  }
}
