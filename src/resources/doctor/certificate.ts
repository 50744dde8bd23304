import type { TLSSocket } from 'node:tls';
import { truncate } from '../../base/printable.ts';
import { describeCaStore } from '../../transport/errors/tls-advice.ts';

/** The maximum length of an issuer's name, in characters. */
const MAX_ISSUER_LENGTH = 100;

/**
 * Describes a server's certificate: the issuer, the expiry date and the CA store that trusts the
 * certificate.
 */
export function describeCertificate(socket: TLSSocket, hasOwnCa: boolean): string {
  const { storeName } = describeCaStore();
  const trust = `trusted by ${hasOwnCa ? `${storeName} or ca_path` : storeName}`;
  const certificate = socket.getPeerX509Certificate();
  // The certificate is not available once the connection is closed.
  if (certificate === undefined) return `It is ${trust}.`;
  const issuer = truncate(certificate.issuer.replaceAll('\n', ', '), MAX_ISSUER_LENGTH);
  const expiryDate = new Date(certificate.validTo).toISOString().slice(0, 10);
  return `Issued by ${issuer}; valid until ${expiryDate}; ${trust}.`;
}
