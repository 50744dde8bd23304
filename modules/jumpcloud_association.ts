import { runModule } from '../src/protocol/run-module.ts';
import { reconcile } from '../src/reconcile.ts';
import { association, associationOptions, associationRules } from '../src/resources/association.ts';
import help from './jumpcloud_association.yml';

runModule({
  name: 'jumpcloud_association',
  help,
  options: associationOptions,
  rules: associationRules,
  run: (options, run) => reconcile(association, options, run),
});
