import type { Authentication, Credentials, SessionStateAt401 } from './authentication.ts';

/** Sends an administrator's API key with every request. */
export class ApiKeyAuthentication implements Authentication {
  readonly urlOption = 'api_url';
  readonly adviceFor403 =
    "The role of the key's administrator may be insufficient. Use the key of an administrator with a sufficient role. If the role is sufficient, ask JumpCloud whether this IP address is blocked for suspected abuse.";
  readonly #apiKey: string;
  readonly #orgId: string | undefined;

  constructor(apiKey: string, orgId: string | undefined) {
    this.#apiKey = apiKey;
    this.#orgId = orgId;
  }

  authenticate(): Credentials {
    const org = this.#orgId === undefined ? {} : { 'x-org-id': this.#orgId };
    return { headers: { 'x-api-key': this.#apiKey, ...org }, secret: this.#apiKey };
  }

  renew(): undefined {}

  explain401({ origin, wasAccepted }: SessionStateAt401) {
    const causes = wasAccepted
      ? [
          'the role of its administrator does not allow this: use the key of an administrator with a sufficient role for the whole organisation',
        ]
      : [
          "it does not belong to an administrator of this organisation, or it was replaced or revoked: copy the current key from the administrator's menu in the Admin Portal",
          `the organisation is in another region than ${origin}: set region (us, eu or in)`,
          this.#orgId === undefined
            ? "the key's administrator manages several organisations: select one with org_id"
            : "the key's administrator does not manage the organisation in org_id: correct org_id",
        ];
    return { who: 'the API key', causes };
  }
}
