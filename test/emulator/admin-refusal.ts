import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from './store.ts';

/**
 * Returns the status with which an administrator's request is refused, or undefined if it is
 * allowed. A key to several organisations requires `x-org-id`. With a key to this organisation
 * alone the header is optional, but may not name another organisation.
 */
export function adminRefusal(store: Store, headers: IncomingHttpHeaders): 401 | 403 | undefined {
  const key = store.apiKeys.get(String(headers['x-api-key']));
  if (key === undefined) return 401;
  const organisation = headers['x-org-id'];
  if (organisation === store.organisationId) return undefined;
  if (key.multiTenant) return 401;
  return organisation === undefined ? undefined : 403;
}

/** Returns whether an administrator may create and delete groups and users. */
export function mayWrite(store: Store, headers: IncomingHttpHeaders): boolean {
  return store.apiKeys.get(String(headers['x-api-key']))?.writes ?? false;
}
