import { defineModule } from '../../module.ts';
import { keeping } from '../../reconcile.ts';
import { hostConcern } from './host-concern.ts';
import { type HostOptions, hostOptions, hostRules } from './host-options.ts';

/** The whole wished-for state of this host in one document. */
export const host = defineModule({
  name: 'jumpcloud_host',
  options: hostOptions,
  rules: hostRules,
  run: keeping((session, options: HostOptions) => hostConcern(session, options)),
});
