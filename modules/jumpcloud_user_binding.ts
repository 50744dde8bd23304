import { runModule } from '../src/protocol/run-module.ts';
import { reconcile } from '../src/reconcile.ts';
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
  rules: userBindingRules,
  run: (options, run) => reconcile(userBinding, options, run),
});
