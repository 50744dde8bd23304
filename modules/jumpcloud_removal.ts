import { runModule } from '../src/protocol/run-module.ts';
import { removal } from '../src/resources/removal/removal.ts';
import help from './jumpcloud_removal.yml';

runModule(removal, help);
