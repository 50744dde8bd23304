import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { association } from '../src/resources/edges/association.ts';
import help from './jumpcloud_association.yml';

runAsProcess(association, help);
