import { STATUS_CODES } from 'node:http';
import type { HttpAnswer } from './types.ts';

/** Returns the answer to a refused request: the v2 API has one field, the v1 API two. */
export function errorAnswer(path: string, status: number): HttpAnswer {
  const message = STATUS_CODES[status] ?? 'Refused';
  return {
    status,
    body: path.startsWith('/api/v2/') ? { message } : { message, error: message },
  };
}
