import { statusText } from '../http/status-text.ts';
import { isTransientProxyStatus } from '../retry/policy.ts';
import { tlsCode, tlsMessage } from './tls-error.ts';

/**
 * What an attempt that brought no usable answer failed of: the network (worth another try), the
 * certificate, an answer that is not HTTP as JumpCloud speaks it, or a proxy that refused.
 */
export type FailureKind = 'network' | 'tls' | 'unexpected' | 'proxy-refused';

/** One attempt that brought no usable answer. */
export class AttemptError extends Error {
  readonly kind: FailureKind;
  /** The error code of Node or undici, or a proxy's status; for people and for tests. */
  readonly reason: string;
  /** Which of the two on the way failed. */
  readonly at: 'origin' | 'proxy';
  /** The header of that name, if a proxy refused with one. */
  readonly retryAfter: string | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    reason: string,
    { cause, at = 'origin', retryAfter }: AttemptErrorContext = {},
  ) {
    super(message, { cause });
    this.kind = kind;
    this.reason = reason;
    this.at = at;
    this.retryAfter = retryAfter;
  }
}

interface AttemptErrorContext {
  readonly cause?: unknown;
  readonly at?: 'origin' | 'proxy';
  readonly retryAfter?: string | undefined;
}

const LENGTH_MISMATCH = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

const NETWORK: Readonly<Record<string, string>> = {
  CLOSED_AT_ONCE: 'the connection was closed at once',
  EAI_AGAIN: 'the name server did not answer',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'the network is unreachable',
  ENOTFOUND: 'the host name could not be resolved',
  EPIPE: 'the connection was closed while sending',
  ETIMEDOUT: 'the connection timed out',
  HPE_INVALID_EOF_STATE: 'the connection was closed before the answer was complete',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within the time for one attempt',
  [LENGTH_MISMATCH]: 'the answer was not of the announced length',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
};

const TLS =
  /^(ERR_TLS|ERR_SSL|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|EPROTO)/;

/** Sorts what undici reports, before or behind the headers of the answer, into an AttemptError. */
export function classify(error: unknown, isInBody = false): AttemptError {
  if (error instanceof AttemptError) return error;
  const { code: given, message = '', name } = error as Partial<NodeJS.ErrnoException>;
  // undici's parser knows no code for some of what it meets.
  const code = given ?? (name === 'HTTPParserError' ? 'HPE_UNKNOWN' : '');
  if (TLS.test(code)) {
    const precise = tlsCode(code, message);
    return new AttemptError('tls', tlsMessage(precise, message), precise, { cause: error });
  }
  const odd = protocolViolation(code, message, isInBody);
  if (odd !== undefined) return new AttemptError('unexpected', odd, code, { cause: error });
  const reason = code || message;
  return new AttemptError('network', NETWORK[code] ?? reason, reason, { cause: error });
}

/** What makes an answer one that trying again would not better. */
function protocolViolation(code: string, message: string, isInBody: boolean): string | undefined {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'the headers are too large';
  if (message === 'bad upgrade') {
    return 'the answer is 101, which switches to a protocol that nobody asked for';
  }
  // undici reports any error of its parser so once it has read a length.
  const isBadHead = code === LENGTH_MISMATCH && !isInBody;
  // What the parser lets pass, a status of two digits for one, fails an assertion behind it.
  const isOdd =
    isBadHead || code === 'ERR_ASSERTION' || (code.startsWith('HPE_') && !(code in NETWORK));
  return isOdd ? 'the answer is not HTTP' : undefined;
}

/** Returns the failure of an attempt whose CONNECT a proxy answered with this status. */
export function proxyError(status: number, retryAfter: string | undefined): AttemptError {
  const kind = isTransientProxyStatus(status) ? 'network' : 'proxy-refused';
  const what = `the proxy answered ${statusText(status)}`;
  return new AttemptError(kind, what, String(status), { at: 'proxy', retryAfter });
}
