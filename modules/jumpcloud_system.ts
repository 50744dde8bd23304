import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { system } from '../src/resources/system/system.ts';
import help from './jumpcloud_system.yml';

runAsProcess(system, help);
