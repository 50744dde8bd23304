/** Why the other side ended a TLS handshake, and what to do about it. */
interface TlsAlert {
  readonly what: string;
  readonly advice: string;
}

const GATEWAY =
  'a gateway of yours seems to answer there. Let this host through as it is, or check api_url and proxy.';
const SOMETHING_ELSE =
  'Something else answers at this address: check api_url, proxy and name resolution.';

const ALERTS: readonly [code: RegExp, what: string, advice: string][] = [
  [
    /CERTIFICATE_REQUIRED/,
    'it wants a certificate of this host',
    `JumpCloud wants none: ${GATEWAY}`,
  ],
  [
    /HANDSHAKE_FAILURE/,
    'no cipher suits both sides, or it wants a certificate of this host',
    `Neither is so with JumpCloud: ${GATEWAY}`,
  ],
  [
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/,
    'it accepts no version of TLS that Node.js offers',
    'JumpCloud speaks TLS 1.2 and 1.3: an old gateway seems to answer there. Bring it up to date, or check api_url and proxy.',
  ],
  [/UNRECOGNIZED_NAME/, 'it does not know the name', SOMETHING_ELSE],
];

/** What an alert means, by the code of OpenSSL; undefined for anything else. */
export function tlsAlert(code: string): TlsAlert | undefined {
  const known = ALERTS.find(([pattern]) => pattern.test(code));
  if (known !== undefined) return { what: known[1], advice: known[2] };
  const [, alert] = /ALERT_(.*)/.exec(code) ?? [];
  return alert === undefined
    ? undefined
    : {
        what: `it ended the handshake with "${alert.replaceAll('_', ' ').toLowerCase()}"`,
        advice: 'Ask those who run what answers there, or check api_url and proxy.',
      };
}

/** The code of an error of TLS. Node calls some of OpenSSL's by one name, and says which in the text. */
export function tlsCode(code: string, message: string): string {
  const [, reason] = (code === 'EPROTO' && /SSL routines:[^:]*:([^:]+)/.exec(message)) || [];
  return reason === undefined ? code : `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/** What happened. OpenSSL's own text has file names and lines of its source; the code says as much. */
export function tlsMessage(code: string, message: string): string {
  const refusal = tlsAlert(code)?.what;
  const plain = /^(ERR_SSL|EPROTO)/.test(code)
    ? 'the other side does not speak TLS as expected'
    : // Where Node.js gives advice, that is of no use here: its flags do not count.
      message.replace(/; if the root CA .*|\.$/, '');
  return `${refusal ?? plain} (${code})`;
}

/** What to do about it. */
export function tlsAdvice(code: string): string {
  const refusal = tlsAlert(code);
  if (refusal !== undefined) return refusal.advice;
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return `This host's clock says ${new Date().toISOString()}: set it if that is wrong; if it is right, the other side needs a new certificate.`;
  }
  if (/ALTNAME|HOSTNAME/.test(code)) return SOMETHING_ELSE;
  if (/^(ERR_SSL|EPROTO)/.test(code)) {
    return 'Check scheme and port in api_url and proxy: a server without TLS seems to answer there.';
  }
  if (code === 'UNABLE_TO_GET_ISSUER_CERT' && !takesIssuingAlone()) {
    return `Node.js ${process.versions.node} trusts an issuing certificate only beside its root: add the root to ca_path, or use Node.js 20.18, 22.9 or later.`;
  }
  return `It was checked with ${caStore()}. If a proxy or gateway of yours opens TLS connections, give its CA with ca_path; if none does, find out who answers there instead of JumpCloud.`;
}

/** Whether this Node.js has the option allowPartialTrustChain, as its documentation says since when. */
function takesIssuingAlone(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major === 20 ? minor >= 18 : major === 22 ? minor >= 9 : major > 22;
}

/** The certificate authorities that are trusted, by what scripts/header.sh chose, and what else there is. */
function caStore(): string {
  switch (process.env['JUMPCLOUD_CA_STORE']) {
    case 'system':
      return "the certificate authorities of this system (JUMPCLOUD_CA_STORE=bundled takes Node.js's own)";
    case 'bundled':
      return "Node.js's own certificate authorities (JUMPCLOUD_CA_STORE=system takes those of this system)";
    default:
      return "the certificate authorities that this Node.js trusts by default (JUMPCLOUD_CA_STORE=system takes those of this system, bundled Node.js's own)";
  }
}
