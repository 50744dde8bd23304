import type { Reply } from '../transport/request.ts';

/** What to do when JumpCloud answers 404 to a request for this host's own record or its lists. */
export const MISSING_RECORD_ADVICE =
  'The record was deleted, or belongs to another region: set region, or register the agent again.';

/** Returns whether JumpCloud uses a status for a missing object or for a host that it rejects. */
export function isGoneStatus(status: number): boolean {
  return status === 401 || status === 404;
}

/**
 * Returns whether an error answer has JumpCloud's form: a JSON object with a text `message`. An
 * empty answer, or the page of a gateway or captive portal, does not have it and proves nothing.
 */
export function isJumpCloudError({ body, isUtf8 }: Reply): boolean {
  try {
    const value = JSON.parse(body);
    return isUtf8 && !Array.isArray(value) && typeof Object(value).message === 'string';
  } catch {
    return false;
  }
}
