import { runModule } from '../src/protocol/run-module.ts';
import { names } from '../src/resources/names/names.ts';
import help from './jumpcloud_names.yml';

runModule(names, help);
