import { API_ORIGINS, type Region } from '../agent/region.ts';
import { spellingsOf } from '../base/secret-spellings.ts';
import type { Run } from '../run.ts';
import type { Authentication } from '../transport/auth/authentication.ts';
import { type Destination, openDestination } from '../transport/connect/destination.ts';
import type { Session } from '../transport/session.ts';
import { type AdminCredentials, credentialsOf } from './admin-credentials.ts';
import type { AdminOptions } from './admin-options.ts';

/** The token endpoint for service accounts, by region. */
export const TOKEN_URLS: Readonly<Record<Region, string>> = {
  us: 'https://admin-oauth.id.jumpcloud.com/oauth2/token',
  eu: 'https://admin-oauth.id.eu.jumpcloud.com/oauth2/token',
  in: 'https://admin-oauth.id.in.jumpcloud.com/oauth2/token',
};

/**
 * Runs `work` in a session with an administrator's credentials. `requests` is the number of
 * requests that `work` sends in parallel at its start. Sends no request before `work` does. A
 * service account's token is fetched for the first request of `work`.
 */
export async function withAdminSession<T>(
  run: Run,
  options: AdminOptions,
  requests: number,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const credentials = credentialsOf(options);
  const addSecret = (secret: string) => {
    for (const spelling of spellingsOf(secret)) run.report.addSecret(spelling);
  };
  const origin = options.api_url ?? API_ORIGINS[options.region];
  const [destination] = await openDestination(origin, options, requests, async () => {});
  const { openSession } = await import('../transport/session.ts');
  const { authentication, tokenSession } =
    'apiKey' in credentials
      ? await createApiKeyAuthentication(credentials, addSecret)
      : await createServiceAccountAuthentication(run, options, credentials, destination, addSecret);
  const session = await openSession(run, authentication, destination);
  run.report.setApiReport(() => withTokenRequests(session.report(), tokenSession?.report()));
  try {
    return await work(session);
  } finally {
    session.close();
    tokenSession?.close();
  }
}

interface AdminAuthentication {
  readonly authentication: Authentication;
  /** The session with the server that issues tokens; undefined with an API key. */
  readonly tokenSession?: Session;
}

type ApiKeyCredentials = Extract<AdminCredentials, { apiKey: string }>;
type ServiceAccountCredentials = Exclude<AdminCredentials, ApiKeyCredentials>;

async function createApiKeyAuthentication(
  { apiKey, orgId }: ApiKeyCredentials,
  addSecret: (secret: string) => void,
): Promise<AdminAuthentication> {
  addSecret(apiKey);
  const { ApiKeyAuthentication } = await import('../transport/auth/api-key.ts');
  return { authentication: new ApiKeyAuthentication(apiKey, orgId) };
}

async function createServiceAccountAuthentication(
  run: Run,
  options: AdminOptions,
  client: ServiceAccountCredentials,
  { budget }: Destination,
  addSecret: (secret: string) => void,
): Promise<AdminAuthentication> {
  const { encodeBasic, ClientCredentialsAuthentication } = await import(
    '../transport/auth/client-credentials.ts'
  );
  // The encoded credentials are masked first, because they contain the id and the secret. If the id
  // were masked first, the rest of the encoded credentials would not be recognised.
  for (const secret of [encodeBasic(client), client.clientId, client.clientSecret])
    addSecret(secret);
  const { origin, pathname } = new URL(options.token_url ?? TOKEN_URLS[options.region]);
  const [destination] = await openDestination(origin, options, 1, async () => {});
  const { openSession } = await import('../transport/session.ts');
  const tokenSession = await openSession(run, new ClientCredentialsAuthentication(client), {
    ...destination,
    budget,
  });
  const { ServiceAccountAuthentication } = await import('../transport/auth/service-account.ts');
  const { fetchAccessToken } = await import('../api/access-token.ts');
  const authentication = new ServiceAccountAuthentication(() =>
    fetchAccessToken(tokenSession, pathname, addSecret),
  );
  return { authentication, tokenSession };
}

/** Returns the result field `api`. Its number of requests includes the requests for tokens. */
function withTokenRequests(
  api: Readonly<Record<string, unknown>>,
  tokens: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const sum = (field: string) => Number(api[field]) + Number(tokens[field] ?? 0);
  return { ...api, requests: sum('requests'), retries: sum('retries') };
}
