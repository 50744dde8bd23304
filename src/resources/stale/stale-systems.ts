import { defineModule } from '../../module.ts';
import { reconcile } from '../../reconcile.ts';
import { credentialProblems } from '../admin-credentials.ts';
import { withAdminSession } from '../admin-session.ts';
import { checkStaleOptions, type StaleOptions, staleOptions } from './stale-options.ts';

/** Reports or deletes the records of hosts that died without removing themselves from JumpCloud. */
export const staleSystems = defineModule({
  name: 'jumpcloud_stale_systems',
  options: staleOptions,
  // Empty input may come from a broken pipe, which must not delete records.
  refusesEmptyInput: true,
  rules: checkStaleOptions,
  credentialProblems,
  run(options: StaleOptions, run) {
    return withAdminSession(run, options, 1, async (session) => {
      const { staleResource } = await import('./stale-resource.ts');
      return reconcile(run, staleResource(run, session, options));
    });
  },
});
