import type { Reply } from '../transport/request.ts';

/** The advice for a 404 to a request for this host's own record or one of its lists. */
export const MISSING_RECORD_ADVICE =
  'The record was deleted, or belongs to another region. If it belongs to another region, set the option region. If it was deleted, register the agent again.';

/**
 * Returns whether a status can mean that the object is gone: 404 or 401. JumpCloud may answer 401
 * after this host's record was deleted.
 */
export function canMeanGone(status: number): boolean {
  return status === 401 || status === 404;
}

/**
 * Returns whether an error answer has JumpCloud's form, a JSON object with a text `message`. Other
 * answers, such as the page of a gateway or a captive portal, prove nothing about JumpCloud.
 */
export function isJumpCloudError({ body, isUtf8 }: Reply): boolean {
  try {
    const value = JSON.parse(body);
    return isUtf8 && !Array.isArray(value) && typeof Object(value).message === 'string';
  } catch {
    return false;
  }
}
