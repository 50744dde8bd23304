import { runModule } from '../src/protocol/run-module.ts';
import { systemInfo } from '../src/resources/info/system-info.ts';
import help from './jumpcloud_system_info.yml';

runModule(systemInfo, help);
