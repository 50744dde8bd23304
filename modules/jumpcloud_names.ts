import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { names } from '../src/resources/names/names.ts';
import help from './jumpcloud_names.yml';

runAsProcess(names, help);
