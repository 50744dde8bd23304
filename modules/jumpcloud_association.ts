import { runModule } from '../src/protocol/run-module.ts';
import { reconcile } from '../src/reconcile.ts';
import { association, associationOptions, associationRules } from '../src/resources/association.ts';
import { connectionRules } from '../src/resources/connection-options.ts';
import help from './jumpcloud_association.yml';

runModule({
  name: 'jumpcloud_association',
  help,
  options: associationOptions,
  rules: (options) => [...connectionRules(options), ...associationRules(options)],
  run: (options, run) => reconcile(association, options, run),
});
