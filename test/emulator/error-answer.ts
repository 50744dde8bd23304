import { STATUS_CODES } from 'node:http';
import type { HttpAnswer } from './types.ts';

/**
 * Returns the answer to a refused request. Its body has one field in the v2 API and two fields in
 * the v1 API.
 */
export function errorAnswer(path: string, status: number): HttpAnswer {
  const message = STATUS_CODES[status] ?? 'Refused';
  return {
    status,
    body: path.startsWith('/api/v2/') ? { message } : { message, error: message },
  };
}
