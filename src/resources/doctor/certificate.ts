import type { TLSSocket } from 'node:tls';
import { truncate } from '../../base/printable.ts';
import { caStore } from '../../transport/errors/tls-advice.ts';

/** The maximum length of an issuer's name, in characters. */
const MAX_ISSUER = 100;

/** Describes the certificate of a connection: issuer, expiry, and the CA store that trusts it. */
export function describeCertificate(socket: TLSSocket, hasOwnCa: boolean): string {
  const certificate = socket.getPeerX509Certificate();
  const issuer = truncate((certificate?.issuer ?? '').replaceAll('\n', ', '), MAX_ISSUER);
  const end = new Date(certificate?.validTo ?? '').toISOString().slice(0, 10);
  const { name } = caStore();
  const store = hasOwnCa ? `${name} or ca_path` : name;
  return `Issued by ${issuer}; valid until ${end}; trusted by ${store}.`;
}
