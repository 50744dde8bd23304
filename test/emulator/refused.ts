import type { Answer } from './types.ts';

const MESSAGES = { 401: 'Unauthorized', 403: 'Forbidden' } as const;

/** How a path turns somebody away: the second API says it in one field, the first in two. */
export function refused(path: string, status: keyof typeof MESSAGES): Answer {
  const message = MESSAGES[status];
  return {
    status,
    body: path.startsWith('/api/v2/') ? { message } : { message, error: message },
  };
}
