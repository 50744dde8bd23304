import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { staleSystems } from '../src/resources/stale/stale-systems.ts';
import help from './jumpcloud_stale_systems.yml';

runAsProcess(staleSystems, help);
