import { runModule } from '../src/protocol/run-module.ts';
import { reconcile } from '../src/reconcile.ts';
import { connectionRules } from '../src/resources/connection-options.ts';
import { system } from '../src/resources/system.ts';
import { systemOptions, systemRules } from '../src/resources/system-options.ts';
import help from './jumpcloud_system.yml';

runModule({
  name: 'jumpcloud_system',
  help,
  options: systemOptions,
  rules: (options) => [...connectionRules(options), ...systemRules(options)],
  run: (options, run) => reconcile(system, options, run),
});
