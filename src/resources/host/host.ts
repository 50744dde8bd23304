import { defineModule } from '../../module.ts';
import { moduleFor } from '../../reconcile.ts';
import { loadReferences } from '../facts-options.ts';
import { hostOptions, hostRules, sectionCount } from './host-options.ts';

/** The whole wished-for state of this host in one document. */
export const host = defineModule({
  name: 'jumpcloud_host',
  options: hostOptions,
  rules: hostRules,
  loadReferences,
  run: moduleFor(async () => (await import('./host-resource.ts')).hostResource, sectionCount),
});
