import { runModule } from '../src/protocol/run-module.ts';
import { userBinding } from '../src/resources/edges/user-binding.ts';
import help from './jumpcloud_user_binding.yml';

runModule(userBinding, help);
