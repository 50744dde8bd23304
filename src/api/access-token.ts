import * as z from 'zod/mini';
import { failureText, Rejected } from '../base/errors.ts';
import { monotonicMs } from '../base/monotonic-clock.ts';
import { toPrintable, truncate } from '../base/printable.ts';
import type { AccessToken } from '../transport/auth/service-account.ts';
import { statusText } from '../transport/http/status-text.ts';
import type { Reply, Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { parseAnswer, unexpectedResponse } from './parse-answer.ts';
import { refusalError, unauthorizedError } from './refusal-error.ts';

/**
 * A token is renewed at most this long before it expires, in milliseconds. A token with a short
 * lifetime is renewed after half of its lifetime.
 */
const MAX_RENEWAL_MARGIN_MS = 60_000;

/** The maximum length of a quoted OAuth error message, in characters. */
const MAX_OAUTH_MESSAGE_LENGTH = 300;

/** OAuth's error codes for a refused client id or client secret (RFC 6749, 5.2). */
const CLIENT_REFUSAL_CODES = new Set(['invalid_client', 'unauthorized_client', 'invalid_grant']);

const TOKEN_FORMAT = /^[\w.~+/-]{8,8192}=*$/;

/**
 * Fetches an access token. `session` authenticates with the id and secret of a service account.
 * Passes the token to `addSecret` before it checks whether the token is valid.
 */
export async function fetchAccessToken(
  session: Session,
  path: string,
  addSecret: (token: string) => void,
): Promise<AccessToken> {
  const request: Request = {
    method: 'POST',
    path,
    body: 'grant_type=client_credentials&scope=api',
    mediaType: 'application/x-www-form-urlencoded',
    purpose: 'get an access token for the service account',
    changesNothing: true,
  };
  const reply = await session.send(request);
  if (reply.status !== 200) throw tokenRefusalError(session, request, reply);
  const { access_token, token_type, expires_in }: Record<string, unknown> = parseAnswer(
    session,
    request,
    reply,
    z.looseObject({}),
  );
  if (typeof access_token === 'string') addSecret(access_token);
  if (typeof access_token !== 'string' || !TOKEN_FORMAT.test(access_token)) {
    throw unexpectedResponse(session, request, 'access_token is missing or is not a valid token');
  }
  if (!/^bearer$/i.test(String(token_type ?? 'bearer'))) {
    throw unexpectedResponse(session, request, 'token_type is not bearer');
  }
  return { text: access_token, renewAt: monotonicMs() + computeUsableLifetimeMs(expires_in) };
}

/** Returns the error for a refused token request. Uses OAuth's error code if the answer has one. */
function tokenRefusalError(session: Session, request: Request, reply: Reply) {
  const { error, error_description: description } = parseObject(reply.body);
  if (typeof error !== 'string' || reply.status < 400 || reply.status >= 500) {
    return refusalError(session, request, reply);
  }
  const refusalMessage =
    typeof description === 'string' && description !== '' ? description : error;
  const quotedMessage = truncate(
    toPrintable(session.maskSecrets(refusalMessage)).trim(),
    MAX_OAUTH_MESSAGE_LENGTH,
  );
  const details = { status: reply.status, jumpcloud_message: quotedMessage };
  if (CLIENT_REFUSAL_CODES.has(error) || reply.status === 401) {
    return unauthorizedError(session, request.purpose, { details, inDoubt: false });
  }
  return new Rejected(
    failureText(
      request.purpose,
      `${session.origin} answered ${statusText(reply.status)}: "${quotedMessage}"`,
      'Check token_url, and the service account in the Admin Portal.',
    ),
    { details },
  );
}

/** Parses a JSON object. Returns an empty object for any other text. */
function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/**
 * Returns how long a token is used before it is renewed, in milliseconds. A token whose lifetime is
 * missing or invalid is used for the whole run.
 */
function computeUsableLifetimeMs(expiresIn: unknown): number {
  const seconds = Number(/^\d+(\.\d+)?$/.test(String(expiresIn)) ? expiresIn : 0);
  const lifetimeMs = seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
  return lifetimeMs - Math.min(MAX_RENEWAL_MARGIN_MS, lifetimeMs / 2);
}
