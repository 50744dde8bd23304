import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from './store.ts';

/**
 * Why an administrator's request is turned away, if it is. An administrator of several
 * organisations has to say which; to one of this alone, `x-org-id` can name no other.
 */
export function adminRefusal(store: Store, headers: IncomingHttpHeaders): 401 | 403 | undefined {
  const key = store.apiKeys.get(String(headers['x-api-key']));
  if (key === undefined) return 401;
  const organisation = headers['x-org-id'];
  if (organisation === store.organisationId) return undefined;
  if (key.multiTenant) return 401;
  return organisation === undefined ? undefined : 403;
}
