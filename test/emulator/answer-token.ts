import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from './store.ts';
import type { HttpAnswer } from './types.ts';

/** The path of the endpoint that issues tokens to service accounts. */
export const TOKEN_PATH = '/oauth2/token';

/** Answers a request for a token (RFC 6749, client credentials in HTTP's Basic encoding). */
export function answerToken(
  store: Store,
  method: string,
  headers: IncomingHttpHeaders,
  body: unknown,
  now: number,
): HttpAnswer {
  if (method !== 'POST') return tokenError(405, 'invalid_request', 'POST is required');
  if (!/^application\/x-www-form-urlencoded\b/.test(headers['content-type'] ?? '')) {
    return tokenError(400, 'invalid_request', 'a form is required');
  }
  const form = new URLSearchParams(String(body));
  if (form.get('grant_type') !== 'client_credentials') {
    return tokenError(400, 'unsupported_grant_type', 'grant_type must be client_credentials');
  }
  const [, basic = ''] = /^Basic ([\w+/]+=*)$/.exec(headers.authorization ?? '') ?? [];
  const [id = '', secret = ''] = Buffer.from(basic, 'base64').toString().split(':');
  const account = store.serviceAccounts.find(decodeCredential(id), decodeCredential(secret));
  if (account === undefined) {
    return tokenError(401, 'invalid_client', 'Client authentication failed');
  }
  if (form.get('scope') !== 'api') return tokenError(400, 'invalid_scope', 'scope must be api');
  const access_token = store.serviceAccounts.issueToken(account, now);
  const { lifetime, expiresIn = lifetime } = account;
  return {
    status: 200,
    body: { access_token, token_type: 'bearer', expires_in: expiresIn, scope: 'api' },
    headers: { 'cache-control': 'no-store' },
  };
}

function tokenError(status: number, error: string, error_description: string): HttpAnswer {
  return { status, body: { error, error_description } };
}

function decodeCredential(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
