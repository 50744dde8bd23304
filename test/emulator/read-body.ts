import type { IncomingMessage } from 'node:http';

/**
 * Reads a request's body. Returns the parsed JSON, the text if it is not JSON, or undefined if the
 * body is empty.
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
