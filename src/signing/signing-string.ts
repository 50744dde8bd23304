/**
 * What JumpCloud's System Context API wants signed: the request line as it goes over the wire
 * (query included, always HTTP/1.1) and the Date header, two lines with no newline at the end.
 */
export function signingString(method: string, path: string, date: string): string {
  return `${method} ${path} HTTP/1.1\ndate: ${date}`;
}
