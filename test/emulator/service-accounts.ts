/**
 * The permitted requests of an administrator or a service account, and the answer to other
 * requests.
 */
export interface Role {
  readonly permits: (method: string, path: string) => boolean;
  readonly refusal: 401 | 403;
}

/** A role with all permissions. */
export const FULL_ROLE: Role = { permits: () => true, refusal: 403 };

/** A role that may only read and search. */
export const READ_ONLY_ROLE: Role = {
  permits: (method, path) => method === 'GET' || path.startsWith('/api/search/'),
  refusal: 403,
};

/** A service account. Tests change its properties. */
export interface ServiceAccount {
  readonly clientId: string;
  /** Two secrets may be valid at the same time, so that they can be rotated. */
  readonly secrets: Set<string>;
  role: Role;
  /** The lifetime of new tokens, in seconds. */
  lifetime: number;
  /** The value of `expires_in` in answers. The default is the lifetime. */
  expiresIn: unknown;
}

interface Token {
  readonly account: ServiceAccount;
  /** The expiry in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** The service accounts of an organisation, and the tokens issued to them. */
export class ServiceAccounts {
  readonly #newId: () => string;
  readonly #accounts = new Map<string, ServiceAccount>();
  /** All tokens that are not revoked. */
  readonly tokens = new Map<string, Token>();

  constructor(newId: () => string) {
    this.#newId = newId;
  }

  add({
    role = FULL_ROLE,
    lifetime = 3600,
  }: Partial<Pick<ServiceAccount, 'role' | 'lifetime'>> = {}) {
    const account: ServiceAccount = {
      clientId: `sa-${this.#newId()}`,
      secrets: new Set([this.newSecret()]),
      role,
      lifetime,
      expiresIn: undefined,
    };
    this.#accounts.set(account.clientId, account);
    return account;
  }

  /** Returns a new secret, which is not valid until it is added to an account. */
  newSecret(): string {
    return `${this.#newId()}.${this.#newId()}~`;
  }

  /** Returns the account with this id and secret. */
  find(clientId: string, secret: string): ServiceAccount | undefined {
    const account = this.#accounts.get(clientId);
    return account?.secrets.has(secret) ? account : undefined;
  }

  /** Issues a token. `now` is in milliseconds since the epoch. */
  issueToken(account: ServiceAccount, now: number): string {
    const token = `${this.#newId()}.${this.#newId()}-${this.#newId()}`;
    this.tokens.set(token, { account, expiresAt: now + account.lifetime * 1000 });
    return token;
  }

  /** Returns the role of a valid token. */
  roleOf(token: string, now: number): Role | undefined {
    const issued = this.tokens.get(token);
    return issued !== undefined && now < issued.expiresAt ? issued.account.role : undefined;
  }
}
