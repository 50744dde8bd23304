import type { Identity } from '../../agent/identity.ts';
import { sign } from '../../signing/sign.ts';
import type {
  Authentication,
  Credentials,
  RefusedAttempt,
  SessionStateAt401,
} from './authentication.ts';

/** Signs every request with the key of this host's agent, for the System Context API. */
export class SystemKeyAuthentication implements Authentication {
  readonly urlOption = 'api_url';
  readonly adviceFor403 = 'Ask JumpCloud whether this IP address is blocked for suspected abuse.';
  readonly #identity: Identity;
  readonly #usesAgentRegion: boolean | undefined;
  #enrolledAs: string | undefined;

  /**
   * `usesAgentRegion` is true if requests go to the region in jcagent.conf, and undefined if that
   * region is unknown.
   */
  constructor(identity: Identity, usesAgentRegion: boolean | undefined) {
    this.#identity = identity;
    this.#usesAgentRegion = usesAgentRegion;
  }

  /** Sets the type of enrolment from the host's record: `administrator`, `mdm` or `user`. */
  setEnrolment(enrolledAs: string | undefined): void {
    this.#enrolledAs = enrolledAs;
  }

  authenticate(method: string, path: string, time: number): Credentials {
    const { date, authorization, signature } = sign(this.#identity, method, path, time);
    return { headers: { date, authorization }, secret: signature };
  }

  /**
   * Corrects the time for signing if this host's clock is wrong. Compares the Date of the answer
   * with `time`, with which this attempt was signed, and not with the current time for signing,
   * which a parallel request may have corrected since.
   */
  renew({ reply, time, clock }: RefusedAttempt): number | undefined {
    const corrected = clock.correctedTime(reply, time);
    if (corrected !== undefined) clock.correct(corrected);
    return corrected;
  }

  explain401({ origin, wasAccepted, clock }: SessionStateAt401) {
    const causes: string[] = [];
    if (this.#enrolledAs === 'mdm' || this.#enrolledAs === 'user') {
      const how = this.#enrolledAs === 'mdm' ? 'by MDM' : 'through the User Portal';
      causes.push(
        `this host was enrolled ${how}, and the System Context API accepts only hosts that an administrator enrolled: re-enrol it with a connect key`,
      );
    }
    const replaced = wasAccepted ? '' : ', or belongs to another registration than client.key';
    const orElse = wasAccepted ? '' : ', or no other cause applies';
    causes.push(
      `the record of system ${this.#identity.systemId} was deleted in JumpCloud${replaced}: if the Admin Portal does not show this id${orElse}, register the agent again`,
    );
    if (!wasAccepted) {
      causes.push(
        'this host was enrolled by MDM, Apple ADE or through the User Portal, and the System Context API accepts no such host: re-enrol it with a connect key',
      );
      if (this.#identity.keyMatchesCertificate === undefined) {
        causes.push(
          'client.key does not belong to this registration (this cannot be checked without a usable client.crt): register the agent again',
        );
      }
      if (this.#usesAgentRegion !== true) {
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
    // If the time was corrected, the corrected time was refused too, so the clock is not the only
    // cause.
    const clockCause = clock.clockCause();
    if (clockCause !== undefined) causes.push(clockCause);
    return { who: 'this host', causes };
  }
}
