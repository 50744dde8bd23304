import type { IncomingHttpHeaders } from 'node:http';
import { FULL_ROLE, type Role } from './service-accounts.ts';
import type { Store } from './store.ts';

/** An administrator's request. `now` is the server's time, in milliseconds since the epoch. */
export interface AdminRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly now: number;
}

/**
 * Returns the status that refuses an administrator's request, or undefined if the role of its
 * credentials permits the request.
 */
export function adminRefusal(store: Store, request: AdminRequest): 401 | 403 | undefined {
  const { headers, now, method, path } = request;
  const token = /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1];
  const role =
    token === undefined ? keyRole(store, headers) : store.serviceAccounts.roleOf(token, now);
  if (role === undefined) return 401;
  if (typeof role === 'number') return role;
  return role.permits(method, path) ? undefined : role.refusal;
}

/**
 * Returns the role of an API key, or a status if the key is refused. A key to several organisations
 * requires the header `x-org-id`. For any other key the header is optional. If present, it must
 * have the id of this organisation.
 */
function keyRole(store: Store, headers: IncomingHttpHeaders): Role | 401 | 403 {
  const key = store.apiKeys.get(String(headers['x-api-key']));
  if (key === undefined) return 401;
  const { role = FULL_ROLE, multiTenant } = key;
  const organisation = headers['x-org-id'];
  if (organisation === store.organisationId) return role;
  if (multiTenant) return 401;
  return organisation === undefined ? role : 403;
}
