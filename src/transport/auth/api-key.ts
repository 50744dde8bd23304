import type { Authentication, Credentials, SessionEvidence } from './authentication.ts';

/** Shows an administrator's API key with every request. */
export class ApiKeyAuthentication implements Authentication {
  readonly isTimeBound = false;
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

  explain401({ origin, accepted }: SessionEvidence) {
    const causes = accepted
      ? [
          'its administrator may not read this: a read-only administrator is enough, but of the whole organisation',
        ]
      : [
          "it is not the key of an administrator of this organisation, or was replaced or revoked: copy it anew from the administrator's menu in the Admin Portal",
          `the organisation is in another region than ${origin}: set region (us, eu or in)`,
          this.#orgId === undefined
            ? 'its administrator looks after several organisations: say which with org_id'
            : 'org_id is not an organisation of its administrator',
        ];
    return { who: 'the API key', causes };
  }
}
