import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { removal } from '../src/resources/removal/removal.ts';
import help from './jumpcloud_removal.yml';

runAsProcess(removal, help);
