import { runModule } from '../src/protocol/run-module.ts';
import { connectionRules } from '../src/resources/connection-options.ts';
import { removal } from '../src/resources/removal.ts';
import { removalOptions, removalRules } from '../src/resources/removal-options.ts';
import help from './jumpcloud_removal.yml';

runModule({
  name: 'jumpcloud_removal',
  help,
  options: removalOptions,
  rules: (options) => [...connectionRules(options), ...removalRules(options)],
  run: removal,
});
