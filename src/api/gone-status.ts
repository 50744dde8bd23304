import type { Reply } from '../transport/request.ts';

/** What JumpCloud answers for what is not there, and for a host that it does not accept. */
export function isGoneStatus(status: number): boolean {
  return status === 401 || status === 404;
}

/**
 * Whether such an answer is of JumpCloud's own form: a JSON object with a text `message`. The page
 * of a gateway, a portal that wants a log-in and an empty answer are not, and prove nothing.
 */
export function isJumpCloudError({ body, isUtf8 }: Reply): boolean {
  try {
    const value = JSON.parse(body);
    return isUtf8 && !Array.isArray(value) && typeof Object(value).message === 'string';
  } catch {
    return false;
  }
}
