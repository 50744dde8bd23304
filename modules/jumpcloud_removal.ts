import { runModule } from '../src/protocol/run-module.ts';
import { removal } from '../src/resources/removal.ts';
import { removalOptions, removalRules } from '../src/resources/removal-options.ts';
import help from './jumpcloud_removal.yml';

runModule({
  name: 'jumpcloud_removal',
  help,
  options: removalOptions,
  rules: removalRules,
  run: removal,
});
