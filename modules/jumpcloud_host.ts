import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { host } from '../src/resources/host/host.ts';
import help from './jumpcloud_host.yml';

runAsProcess(host, help);
