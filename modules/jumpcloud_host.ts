import { runModule } from '../src/protocol/run-module.ts';
import { host } from '../src/resources/host/host.ts';
import help from './jumpcloud_host.yml';

runModule(host, help);
