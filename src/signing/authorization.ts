/** Formats the value of the Authorization header from a system id and a base64 signature. */
export function authorization(systemId: string, signature: string): string {
  return `Signature keyId="system/${systemId}",headers="request-line date",algorithm="rsa-sha256",signature="${signature}"`;
}
