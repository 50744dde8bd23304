import type { HttpAnswer } from './types.ts';

const MESSAGES = { 401: 'Unauthorized', 403: 'Forbidden' } as const;

/** Returns the answer to a refused request: the v2 API has one field, the v1 API two. */
export function errorAnswer(path: string, status: keyof typeof MESSAGES): HttpAnswer {
  const message = MESSAGES[status];
  return {
    status,
    body: path.startsWith('/api/v2/') ? { message } : { message, error: message },
  };
}
