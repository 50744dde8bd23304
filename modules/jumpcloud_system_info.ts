import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { systemInfo } from '../src/resources/info/system-info.ts';
import help from './jumpcloud_system_info.yml';

runAsProcess(systemInfo, help);
