import { explainTlsAlert, WRONG_SERVER_ADVICE } from './tls-error.ts';

/** Returns the advice for a TLS error. */
export function tlsAdvice(code: string): string {
  const alert = explainTlsAlert(code);
  if (alert !== undefined) return alert.advice;
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return `This host's clock says ${new Date().toISOString()}. If that is wrong, set the clock; if it is right, the server needs a new certificate.`;
  }
  if (/ALTNAME|HOSTNAME/.test(code)) return WRONG_SERVER_ADVICE;
  if (/^(ERR_SSL|EPROTO)/.test(code)) {
    return 'Check scheme and port in api_url and proxy, because a server without TLS seems to answer.';
  }
  if (code === 'UNABLE_TO_GET_ISSUER_CERT' && !supportsPartialChain()) {
    return `Node.js ${process.versions.node} trusts an intermediate CA certificate only together with its root. Add the root to ca_path. Alternatively, update Node.js to at least 20.18 (version 20) or 22.9 (version 22).`;
  }
  const { storeName, storeChoice } = describeCaStore();
  return `The certificate was checked with ${storeName} (${storeChoice}). If a proxy or gateway in your network intercepts TLS, set ca_path to its CA. Otherwise find out which server answers instead of JumpCloud.`;
}

/** Returns whether this Node.js supports allowPartialTrustChain, according to its documentation. */
function supportsPartialChain(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major === 20 ? minor >= 18 : major === 22 ? minor >= 9 : major > 22;
}

/** Describes the CA store that scripts/header.sh chose, and how to choose another one. */
export function describeCaStore(): { readonly storeName: string; readonly storeChoice: string } {
  switch (process.env['JUMPCLOUD_CA_STORE']) {
    case 'system':
      return {
        storeName: 'the system CA store',
        storeChoice: 'to use the bundled CA store, set JUMPCLOUD_CA_STORE=bundled',
      };
    case 'bundled':
      return {
        storeName: "Node.js's bundled CA store",
        storeChoice: 'to use the system CA store, set JUMPCLOUD_CA_STORE=system',
      };
    default:
      return {
        storeName: 'the default CA store of this Node.js',
        storeChoice: 'to use another, set JUMPCLOUD_CA_STORE to system or bundled',
      };
  }
}
