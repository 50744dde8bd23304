import { runModule } from '../src/protocol/run-module.ts';
import { system } from '../src/resources/system/system.ts';
import help from './jumpcloud_system.yml';

runModule(system, help);
