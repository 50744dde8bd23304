import {
  failureText,
  type ModuleError,
  NotFound,
  Rejected,
  Unauthorized,
  UnexpectedResponse,
} from '../base/errors.ts';
import { toPrintable, truncate } from '../base/printable.ts';
import { notJumpCloudAdvice } from '../transport/errors/not-jumpcloud-advice.ts';
import { statusText } from '../transport/http/status-text.ts';
import { isWrite, type Reply, type Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { canMeanGone, isJumpCloudError } from './gone-status.ts';

/** The maximum length of a quoted message from JumpCloud, in characters. */
const MAX_MESSAGE_LENGTH = 300;

const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Returns the error for an answer with any status that is not a success. */
export function refusalError(session: Session, request: Request, reply: Reply): ModuleError {
  const { purpose } = request;
  const { status, inDoubt } = reply;
  const { origin } = session;
  const { urlOption } = session.authentication;
  const quotedMessage = serverMessage(session, reply.body);
  const details = {
    status,
    ...(quotedMessage !== undefined && { jumpcloud_message: quotedMessage }),
  };
  // A gateway that answers instead of JumpCloud may already have forwarded a write to JumpCloud.
  const forwardedContext = { details, inDoubt: isWrite(request) };
  if (canMeanGone(status) && !isJumpCloudError(reply)) {
    return new UnexpectedResponse(
      failureText(
        purpose,
        `${origin} answered ${statusText(status)}, but not in JumpCloud's form (a JSON object with a message), so it does not count as an answer from JumpCloud`,
        `Check ${urlOption}, region and proxy, because a gateway or a login page may be answering instead of JumpCloud.`,
      ),
      forwardedContext,
    );
  }
  if (status === 401) return unauthorizedError(session, purpose, { details, inDoubt });
  if (status === 404) {
    return new NotFound(
      failureText(
        purpose,
        'JumpCloud answered that the object does not exist (404)',
        request.adviceFor404 ??
          'Check the id, and that the object belongs to this organisation and region.',
      ),
      { details, inDoubt },
    );
  }
  if (REDIRECT_STATUSES.has(status)) {
    const targetClause = describeRedirectTarget(session, reply);
    return new UnexpectedResponse(
      failureText(
        purpose,
        `${origin} answered with a redirect (${status}${targetClause}). Redirects are never followed, because they would send the credentials to another address`,
        `Check ${urlOption}, region and proxy, and whether this network requires a login first.`,
      ),
      { details, inDoubt },
    );
  }
  if (status >= 400 && status < 500) {
    const statusClause = `answered ${statusText(status)}`;
    const [reason, advice] =
      quotedMessage === undefined
        ? [
            `${origin} ${statusClause} without a message from JumpCloud`,
            `${chooseAdvice(session, status)} If a proxy or firewall refused the request, ask its operator.`,
          ]
        : [`JumpCloud ${statusClause}: "${quotedMessage}"`, chooseAdvice(session, status)];
    return new Rejected(failureText(purpose, reason, advice), { details, inDoubt });
  }
  return new UnexpectedResponse(
    failureText(
      purpose,
      `${origin} answered with status ${status}, which JumpCloud never sends for this request`,
      notJumpCloudAdvice(session.authentication),
    ),
    forwardedContext,
  );
}

function chooseAdvice({ authentication }: Session, status: number): string {
  return status === 403
    ? authentication.adviceFor403
    : 'Correct the options that JumpCloud refused.';
}

/**
 * Returns the host that a redirect leads to. Leaves out the path, which may repeat data of the
 * request.
 */
function describeRedirectTarget(session: Session, { headers }: Reply): string {
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, session.origin)) return '';
  return ` to ${new URL(location, session.origin).host}`;
}

/** Returns the error for a 401. Lists the causes that the session could not rule out. */
export function unauthorizedError(
  session: Session,
  purpose: string,
  { details, inDoubt }: { details: Record<string, unknown>; inDoubt: boolean },
): Unauthorized {
  const { who, causes } = session.authentication.explain401(session);
  const causesText =
    causes.length === 1
      ? `Cause: ${causes[0]}.`
      : `Possible causes: ${causes.map((cause, i) => `(${i + 1}) ${cause}`).join('; ')}.`;
  return new Unauthorized(
    failureText(purpose, `JumpCloud does not accept ${who} (401)`, causesText),
    {
      details: { ...details, causes },
      inDoubt,
    },
  );
}

/**
 * Returns the message in the body of an answer, on one line; undefined if the body has none. Masks
 * secrets before it cuts the text, because a cut secret would not be recognised later.
 */
export function serverMessage(session: Session, body: string): string | undefined {
  try {
    const { message, error } = Object(JSON.parse(body));
    const text = [message, error].find((value) => typeof value === 'string' && value !== '');
    if (text === undefined) return undefined;
    return truncate(toPrintable(session.maskSecrets(text)).trim(), MAX_MESSAGE_LENGTH);
  } catch {
    return undefined;
  }
}
