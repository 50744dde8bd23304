import { statusText } from '../http/status-text.ts';
import { isTransientProxyStatus } from '../retry/policy.ts';
import { exactTlsCode, tlsMessage } from './tls-error.ts';

/**
 * The kind of a failed attempt: a network failure, a TLS failure, an answer that is not valid HTTP,
 * or a refusal by a proxy. Only network failures are retried.
 */
export type FailureKind = 'network' | 'tls' | 'unexpected' | 'proxy-refused';

/** An attempt without a usable answer. */
export class AttemptError extends Error {
  readonly kind: FailureKind;
  /**
   * The error code of Node.js or undici, or the status of a proxy's answer. Part of the module's
   * result.
   */
  readonly reason: string;
  /** The peer that caused the failure. */
  readonly peer: 'origin' | 'proxy';
  /** The Retry-After header of the proxy's answer to CONNECT. */
  readonly retryAfter: string | undefined;

  constructor(
    kind: FailureKind,
    message: string,
    reason: string,
    { cause, peer = 'origin', retryAfter }: AttemptErrorContext = {},
  ) {
    super(message, { cause });
    this.kind = kind;
    this.reason = reason;
    this.peer = peer;
    this.retryAfter = retryAfter;
  }
}

interface AttemptErrorContext {
  readonly cause?: unknown;
  readonly peer?: 'origin' | 'proxy';
  readonly retryAfter?: string | undefined;
}

const LENGTH_MISMATCH = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

const NETWORK_MESSAGES: Readonly<Record<string, string>> = {
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
  [LENGTH_MISMATCH]: 'the answer does not have the announced length',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
};

const TLS_CODE =
  /^(ERR_TLS|ERR_SSL|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH_|ERROR_IN_C|UNSPECIFIED|OUT_OF_MEM|EPROTO)/;

/**
 * Converts an error of undici to an AttemptError. `isInBody` is true once the headers have been
 * read.
 */
export function toAttemptError(error: unknown, isInBody = false): AttemptError {
  if (error instanceof AttemptError) return error;
  const { code: given, message = '', name } = error as Partial<NodeJS.ErrnoException>;
  // Some errors of undici's parser have no code.
  const code = given ?? (name === 'HTTPParserError' ? 'HPE_UNKNOWN' : '');
  if (TLS_CODE.test(code)) {
    const precise = exactTlsCode(code, message);
    return new AttemptError('tls', tlsMessage(precise, message), precise, { cause: error });
  }
  const violation = describeHttpViolation(code, message, isInBody);
  if (violation !== undefined) {
    return new AttemptError('unexpected', violation, code, { cause: error });
  }
  const reason = code || message;
  return new AttemptError('network', NETWORK_MESSAGES[code] ?? reason, reason, { cause: error });
}

/** Describes how an answer violates HTTP. Returns undefined for network errors. */
function describeHttpViolation(
  code: string,
  message: string,
  isInBody: boolean,
): string | undefined {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'the headers are too large';
  if (message === 'bad upgrade') {
    return 'the answer is 101 Switching Protocols, which was not requested';
  }
  // Once undici has read a content length, it reports every parser error with this code.
  const isBadHead = code === LENGTH_MISMATCH && !isInBody;
  // Some input passes the parser but fails an assertion later, for example a status of two digits.
  const isViolation =
    isBadHead ||
    code === 'ERR_ASSERTION' ||
    (code.startsWith('HPE_') && !(code in NETWORK_MESSAGES));
  return isViolation ? 'the answer is not HTTP' : undefined;
}

/** Returns the error for a proxy that answered CONNECT with this status. */
export function proxyError(status: number, retryAfter: string | undefined): AttemptError {
  const kind = isTransientProxyStatus(status) ? 'network' : 'proxy-refused';
  const what = `the proxy answered ${statusText(status)}`;
  return new AttemptError(kind, what, String(status), { peer: 'proxy', retryAfter });
}
