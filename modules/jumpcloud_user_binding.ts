import { runModule } from '../src/protocol/run-module.ts';
import { reconcile } from '../src/reconcile.ts';
import { connectionRules } from '../src/resources/connection-options.ts';
import {
  userBinding,
  userBindingOptions,
  userBindingRules,
} from '../src/resources/user-binding.ts';
import help from './jumpcloud_user_binding.yml';

runModule({
  name: 'jumpcloud_user_binding',
  help,
  options: userBindingOptions,
  rules: (options) => [...connectionRules(options), ...userBindingRules(options)],
  run: (options, run) => reconcile(userBinding, options, run),
});
