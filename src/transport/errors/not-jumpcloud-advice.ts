import type { Authentication } from '../auth/authentication.ts';

/** Returns the advice for an answer that does not come from JumpCloud. */
export function notJumpCloudAdvice({ urlOption }: Pick<Authentication, 'urlOption'>): string {
  return `Check ${urlOption}, region and proxy, because another server may be answering instead of JumpCloud.`;
}
