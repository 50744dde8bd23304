import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { userBinding } from '../src/resources/edges/user-binding.ts';
import help from './jumpcloud_user_binding.yml';

runAsProcess(userBinding, help);
