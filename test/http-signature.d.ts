declare module 'http-signature' {
  interface Parsed {
    readonly keyId: string;
    readonly signingString: string;
  }
  interface Incoming {
    readonly method: string;
    readonly url: string;
    readonly httpVersion: string;
    readonly headers: Readonly<Record<string, string>>;
  }
  const httpSignature: {
    parseRequest(request: Incoming, options: { clockSkew: number; headers: string[] }): Parsed;
    verifySignature(parsed: Parsed, publicKeyPem: string): boolean;
  };
  export default httpSignature;
}
