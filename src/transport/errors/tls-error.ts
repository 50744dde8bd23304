/** The reason why the server ended a TLS handshake, and the advice. */
interface TlsAlert {
  readonly reason: string;
  readonly advice: string;
}

const GATEWAY_ADVICE =
  'A gateway in your network seems to answer. Exempt this host from the gateway, or check api_url and proxy.';
/**
 * The advice for a server that does not know the requested host name, or whose certificate does not
 * contain that name.
 */
export const WRONG_SERVER_ADVICE =
  'Another server answers at this address. Check api_url, proxy and name resolution.';

const ALERTS: readonly [code: RegExp, reason: string, advice: string][] = [
  [
    /CERTIFICATE_REQUIRED/,
    'it requires a client certificate',
    `This error does not come from JumpCloud, which requires no client certificate. ${GATEWAY_ADVICE}`,
  ],
  [
    /HANDSHAKE_FAILURE/,
    'it shares no cipher with Node.js, or requires a client certificate',
    `This error does not come from JumpCloud, which supports the ciphers of Node.js and requires no client certificate. ${GATEWAY_ADVICE}`,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    'it supports no TLS version that Node.js offers',
    'JumpCloud supports TLS 1.2 and 1.3, so an old gateway seems to answer instead. Update the gateway, or check api_url and proxy.',
  ],
  [/UNRECOGNIZED_NAME/, 'it does not know the host name', WRONG_SERVER_ADVICE],
];

/** Explains a TLS alert, given its OpenSSL code. Returns undefined for any other code. */
export function explainTlsAlert(code: string): TlsAlert | undefined {
  const known = ALERTS.find(([pattern]) => pattern.test(code));
  if (known !== undefined) return { reason: known[1], advice: known[2] };
  const [, alert] = /ALERT_(.*)/.exec(code) ?? [];
  return alert === undefined
    ? undefined
    : {
        reason: `it ended the handshake with "${alert.replaceAll('_', ' ').toLowerCase()}"`,
        advice: 'Ask the operator of that server, or check api_url and proxy.',
      };
}

/**
 * Returns the exact code of a TLS error. For the code EPROTO, reads the exact code from the
 * message.
 */
export function exactTlsCode(code: string, message: string): string {
  const [, reason] = (code === 'EPROTO' && /SSL routines:[^:]*:([^:]+)/.exec(message)) || [];
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/**
 * Returns the message for a TLS error. Omits OpenSSL's text, because it contains line numbers of
 * OpenSSL's source.
 */
export function tlsMessage(code: string, message: string): string {
  const alert = explainTlsAlert(code)?.reason;
  const text = /^(ERR_SSL|EPROTO)/.test(code)
    ? 'it does not speak TLS as expected'
    : // The advice of Node.js is removed: its flags have no effect here.
      message.replace(/; if the root CA .*|\.$/, '');
  return `${alert ?? text} (${code})`;
}
