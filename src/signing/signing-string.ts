/**
 * Returns the text that is signed for a request to JumpCloud's System Context API: the request line
 * (with the query, always HTTP/1.1) and the Date header, without a newline at the end.
 */
export function signingString(method: string, path: string, date: string): string {
  return `${method} ${path} HTTP/1.1\ndate: ${date}`;
}
