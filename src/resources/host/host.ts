import { defineModule } from '../../module.ts';
import { createRun } from '../../reconcile.ts';
import { loadReferenceCollector } from '../facts-options.ts';
import { checkHostOptions, hostOptions, sectionCount } from './host-options.ts';

/** Brings this host to the desired state that a document describes. */
export const host = defineModule({
  name: 'jumpcloud_host',
  options: hostOptions,
  rules: checkHostOptions,
  loadReferenceCollector,
  run: createRun(async () => (await import('./host-resource.ts')).hostResource, sectionCount),
});
