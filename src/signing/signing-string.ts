/**
 * Returns the text to sign for JumpCloud's System Context API: the request line as sent (with the
 * query, always HTTP/1.1) and the Date header. Two lines, without a newline at the end.
 */
export function signingString(method: string, path: string, date: string): string {
  return `${method} ${path} HTTP/1.1\ndate: ${date}`;
}
