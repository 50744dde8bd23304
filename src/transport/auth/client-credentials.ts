import type { Authentication, Credentials } from './authentication.ts';

/** The id and secret of a service account. */
export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Uses a service account's id and secret to authenticate the request for an access token. */
export class ClientCredentialsAuthentication implements Authentication {
  readonly urlOption = 'token_url';
  readonly adviceFor403 =
    'The service account may exclude this IP address. Check the settings of the service account in the Admin Portal.';
  readonly #basic: string;

  constructor(client: ClientCredentials) {
    this.#basic = encodeBasic(client);
  }

  authenticate(): Credentials {
    return { headers: { authorization: `Basic ${this.#basic}` }, secret: this.#basic };
  }

  renew(): undefined {}

  explain401() {
    const causes = [
      'the secret has expired, was replaced or was copied incompletely: create a new secret of the service account in the Admin Portal',
      'client_id and client_secret do not belong together, or the service account was disabled or deleted: copy both values again, and check that the account is active',
      'the organisation is in another region than token_url: set region (us, eu or in)',
    ];
    return { who: 'client_id and client_secret', causes };
  }
}

/**
 * Encodes id and secret for HTTP Basic authentication. OAuth percent-encodes both of them first
 * (RFC 6749).
 */
export function encodeBasic({ clientId, clientSecret }: ClientCredentials): string {
  const pair = [clientId, clientSecret].map(encodeURIComponent).join(':');
  return Buffer.from(pair).toString('base64');
}
