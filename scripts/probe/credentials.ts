import type { Region } from '../../src/agent/region.ts';
import { fetchAccessToken } from '../../src/api/access-token.ts';
import { RunReport } from '../../src/protocol/run-report.ts';
import { TOKEN_URLS } from '../../src/resources/admin-session.ts';
import type { Run } from '../../src/run.ts';
import { ApiKeyAuthentication } from '../../src/transport/auth/api-key.ts';
import type { Authentication } from '../../src/transport/auth/authentication.ts';
import {
  type ClientCredentials,
  ClientCredentialsAuthentication,
} from '../../src/transport/auth/client-credentials.ts';
import { ServiceAccountAuthentication } from '../../src/transport/auth/service-account.ts';
import { openDestination } from '../../src/transport/connect/destination.ts';
import { openSession } from '../../src/transport/session.ts';

/** An administrator's credentials. */
export interface AdministratorCredentials {
  readonly kind: 'API key' | 'service account';
  /** The secrets, which no file may contain. */
  readonly secrets: readonly string[];
  /** Returns the authentication for requests to the API of a region. Sends no request. */
  open(region: Region): Promise<OpenedAuthentication>;
}

/**
 * The authentication for requests to an API. `close` closes the connections to the token server.
 */
export interface OpenedAuthentication {
  readonly authentication: Authentication;
  close(): void;
}

/** The error for missing or ambiguous credentials. */
export class MissingCredentials extends Error {}

const VARIABLES = [
  'JUMPCLOUD_API_KEY',
  'JUMPCLOUD_ORG_ID',
  'JUMPCLOUD_CLIENT_ID',
  'JUMPCLOUD_CLIENT_SECRET',
] as const;

/**
 * Reads an administrator's credentials from environment variables, and removes the variables.
 * `tokenUrl` replaces the region's endpoint for tokens.
 * @throws MissingCredentials
 */
export function takeCredentials(
  environment: NodeJS.ProcessEnv,
  tokenUrl?: string,
): AdministratorCredentials {
  const [apiKey, orgId, clientId, clientSecret] = VARIABLES.map((name) => environment[name]);
  for (const name of VARIABLES) delete environment[name];
  const secrets = [apiKey, orgId, clientId, clientSecret].filter((text) => text !== undefined);
  if (apiKey && !clientId && !clientSecret) {
    const authentication = new ApiKeyAuthentication(apiKey, orgId || undefined);
    return { kind: 'API key', secrets, open: async () => ({ authentication, close: () => {} }) };
  }
  if (!apiKey && clientId && clientSecret) {
    const client = { clientId, clientSecret };
    const open = (region: Region) => openServiceAccount(client, tokenUrl ?? TOKEN_URLS[region]);
    return { kind: 'service account', secrets, open };
  }
  throw new MissingCredentials(
    'Set JUMPCLOUD_API_KEY to the key of an administrator who may create groups and users, or set JUMPCLOUD_CLIENT_ID and JUMPCLOUD_CLIENT_SECRET, but not both. With sudo, name the variables in --preserve-env.',
  );
}

/**
 * Opens a session with the token server. Returns the service account's authentication, which
 * fetches a token only when it is first used.
 */
async function openServiceAccount(
  client: ClientCredentials,
  tokenUrl: string,
): Promise<OpenedAuthentication> {
  const { origin, pathname } = new URL(tokenUrl);
  const options = { ca_path: undefined, proxy: undefined, timeout: 3600, request_timeout: 15 };
  const [destination] = await openDestination(origin, options, 0, async () => {});
  const { signal } = new AbortController();
  const run: Run = { module: 'probe', check: false, signal, report: new RunReport() };
  const session = await openSession(run, new ClientCredentialsAuthentication(client), destination);
  const addSecret = (token: string) => run.report.addSecret(token);
  const authentication = new ServiceAccountAuthentication(() =>
    fetchAccessToken(session, pathname, addSecret),
  );
  return { authentication, close: () => session.close() };
}
