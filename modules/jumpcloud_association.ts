import { runModule } from '../src/protocol/run-module.ts';
import { association } from '../src/resources/edges/association.ts';
import help from './jumpcloud_association.yml';

runModule(association, help);
