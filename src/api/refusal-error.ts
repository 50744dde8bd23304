import {
  failureMessage,
  type ModuleError,
  NotFound,
  Rejected,
  Unauthorized,
  UnexpectedResponse,
} from '../base/errors.ts';
import { toPrintable, truncate } from '../base/printable.ts';
import { NOT_JUMPCLOUD_ADVICE } from '../transport/errors/request-error.ts';
import { statusText } from '../transport/http/status-text.ts';
import { isWrite, type Reply, type Request } from '../transport/request.ts';
import type { Session } from '../transport/session.ts';
import { isGoneStatus, isJumpCloudError } from './gone-status.ts';

/** The most of JumpCloud's own words that is passed on, in characters. */
const MAX_MESSAGE = 300;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** The error for an answer that is not the one hoped for. */
export function refusalError(session: Session, request: Request, reply: Reply): ModuleError {
  const { purpose } = request;
  const { status, inDoubt } = reply;
  const { origin } = session;
  const said = serverMessage(session, reply.body);
  const details = { status, ...(said !== undefined && { jumpcloud_message: said }) };
  // What answers in JumpCloud's place may have passed a write on.
  const inForeignHands = { details, inDoubt: isWrite(request) };
  if (isGoneStatus(status) && !isJumpCloudError(reply)) {
    return new UnexpectedResponse(
      failureMessage(
        purpose,
        `${origin} answered ${statusText(status)}, but not as JumpCloud does (a JSON object with a message), so it says nothing about this host`,
        'Check api_url, region and proxy: a gateway, or a page that wants a log-in first, may be answering there.',
      ),
      inForeignHands,
    );
  }
  if (status === 401) return unauthorized(session, purpose, { details, inDoubt });
  if (status === 404) {
    return new NotFound(
      failureMessage(
        purpose,
        'JumpCloud says that it does not exist',
        'Check the id, and that it is of this organisation and region.',
      ),
      { details, inDoubt },
    );
  }
  if (REDIRECTS.has(status)) {
    const to = redirectTarget(session, reply);
    return new UnexpectedResponse(
      failureMessage(
        purpose,
        `${origin} answered with a redirect (${status}${to}), which is never followed because the signature would go to another address`,
        'Check api_url, region and proxy; a network that wants a log-in first answers like this, too.',
      ),
      { details, inDoubt },
    );
  }
  if (status >= 400 && status < 500) {
    const named = statusText(status);
    const [what, advice] =
      said === undefined
        ? [
            `${origin} refused with ${named}, without a word of JumpCloud's`,
            `${adviceFor(status)} Or a proxy or firewall on the way refused it: then ask those who run it.`,
          ]
        : [`JumpCloud refused with ${named}: "${said}"`, adviceFor(status)];
    return new Rejected(failureMessage(purpose, what, advice), { details, inDoubt });
  }
  return new UnexpectedResponse(
    failureMessage(
      purpose,
      `${origin} answered with status ${status}, which JumpCloud never gives here`,
      NOT_JUMPCLOUD_ADVICE,
    ),
    inForeignHands,
  );
}

function adviceFor(status: number): string {
  return status === 403
    ? 'This address may be blocked for suspected abuse: ask JumpCloud.'
    : 'Correct what was asked for.';
}

/** Where a redirect leads, as far as that says something: its path may repeat what was sent. */
function redirectTarget(session: Session, { headers }: Reply): string {
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, session.origin)) return '';
  return ` to ${new URL(location, session.origin).host}`;
}

/** Lists only the causes that are still possible after what was seen so far. */
function unauthorized(
  session: Session,
  purpose: string,
  { details, inDoubt }: { details: Record<string, unknown>; inDoubt: boolean },
): Unauthorized {
  const { who, causes } = session.authentication.explain401(session);
  const listed =
    causes.length === 1
      ? `because ${causes[0]}`
      : `for one of these reasons: ${causes.map((cause, i) => `(${i + 1}) ${cause}`).join('; ')}`;
  return new Unauthorized(
    failureMessage(purpose, `JumpCloud does not accept ${who} (401), ${listed}`),
    {
      details: { ...details, causes },
      inDoubt,
    },
  );
}

/**
 * JumpCloud's own explanation, on one line, if the body holds one. Secrets are hidden before it
 * is cut: half of one would not be recognised later.
 */
export function serverMessage(session: Session, body: string): string | undefined {
  try {
    const { message, error } = Object(JSON.parse(body));
    const text = [message, error].find((value) => typeof value === 'string' && value !== '');
    if (text === undefined) return undefined;
    return truncate(toPrintable(session.conceal(text)).trim(), MAX_MESSAGE);
  } catch {
    return undefined;
  }
}
