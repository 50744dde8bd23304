/** The reason why the server ended a TLS handshake, and the advice. */
interface TlsAlert {
  readonly reason: string;
  readonly advice: string;
}

const GATEWAY =
  'a gateway in your network seems to answer. Exempt this host from it, or check api_url and proxy.';
const ANOTHER_SERVER =
  'Another server answers at this address: check api_url, proxy and name resolution.';

const ALERTS: readonly [code: RegExp, reason: string, advice: string][] = [
  [
    /CERTIFICATE_REQUIRED/,
    'it requires a client certificate',
    `JumpCloud does not require one: ${GATEWAY}`,
  ],
  [
    /HANDSHAKE_FAILURE/,
    'it shares no cipher with Node.js, or requires a client certificate',
    `Neither is true of JumpCloud: ${GATEWAY}`,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    'it supports no TLS version that Node.js offers',
    'JumpCloud supports TLS 1.2 and 1.3: an old gateway seems to answer. Update it, or check api_url and proxy.',
  ],
  [/UNRECOGNIZED_NAME/, 'it does not know the host name', ANOTHER_SERVER],
];

/** Returns the meaning of a TLS alert by its OpenSSL code; undefined for any other code. */
export function tlsAlert(code: string): TlsAlert | undefined {
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
 * Returns the code of a TLS error. Node.js uses EPROTO for several errors; only the message has the
 * exact code.
 */
export function tlsCode(code: string, message: string): string {
  const [, reason] = (code === 'EPROTO' && /SSL routines:[^:]*:([^:]+)/.exec(message)) || [];
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/** Returns the message for a TLS error. OpenSSL's text is left out: it contains source lines. */
export function tlsMessage(code: string, message: string): string {
  const alert = tlsAlert(code)?.reason;
  const text = /^(ERR_SSL|EPROTO)/.test(code)
    ? 'it does not speak TLS as expected'
    : // The advice of Node.js is removed: its flags have no effect here.
      message.replace(/; if the root CA .*|\.$/, '');
  return `${alert ?? text} (${code})`;
}

/** Returns the advice for a TLS error. */
export function tlsAdvice(code: string): string {
  const alert = tlsAlert(code);
  if (alert !== undefined) return alert.advice;
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return `This host's clock says ${new Date().toISOString()}. If that is wrong, set the clock; if it is right, the server needs a new certificate.`;
  }
  if (/ALTNAME|HOSTNAME/.test(code)) return ANOTHER_SERVER;
  if (/^(ERR_SSL|EPROTO)/.test(code)) {
    return 'Check scheme and port in api_url and proxy: a server without TLS seems to answer.';
  }
  if (code === 'UNABLE_TO_GET_ISSUER_CERT' && !allowsPartialChain()) {
    return `Node.js ${process.versions.node} trusts an intermediate CA certificate only together with its root: add the root to ca_path, or use Node.js 20.18, 22.9 or later.`;
  }
  return `The certificate was checked with ${caStore()}. If a proxy or gateway in your network intercepts TLS, set ca_path to its CA. Otherwise find out which server answers instead of JumpCloud.`;
}

/**
 * Returns whether this version of Node.js has allowPartialTrustChain, according to its
 * documentation.
 */
function allowsPartialChain(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major === 20 ? minor >= 18 : major === 22 ? minor >= 9 : major > 22;
}

/** Describes the CA store that scripts/header.sh chose, and how to choose another one. */
function caStore(): string {
  switch (process.env['JUMPCLOUD_CA_STORE']) {
    case 'system':
      return 'the system CA store (to use the bundled CA store, set JUMPCLOUD_CA_STORE=bundled)';
    case 'bundled':
      return "Node.js's bundled CA store (to use the system CA store, set JUMPCLOUD_CA_STORE=system)";
    default:
      return 'the default CA store of this Node.js (to use another, set JUMPCLOUD_CA_STORE to system or bundled)';
  }
}
