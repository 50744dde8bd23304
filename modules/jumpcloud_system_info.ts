import { runModule } from '../src/protocol/run-module.ts';
import { connectionRules } from '../src/resources/connection-options.ts';
import { systemInfo, systemInfoOptions } from '../src/resources/system-info.ts';
import help from './jumpcloud_system_info.yml';

runModule({
  name: 'jumpcloud_system_info',
  help,
  options: systemInfoOptions,
  rules: connectionRules,
  run: systemInfo,
});
