import { defineModule } from '../../module.ts';
import { keeping } from '../../reconcile.ts';
import { hostOptions, hostRules, sectionCount } from './host-options.ts';

/** The whole wished-for state of this host in one document. */
export const host = defineModule({
  name: 'jumpcloud_host',
  options: hostOptions,
  rules: hostRules,
  run: keeping(async () => (await import('./host-concern.ts')).hostConcern, sectionCount),
});
