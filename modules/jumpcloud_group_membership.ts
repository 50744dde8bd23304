import { runModule } from '../src/protocol/run-module.ts';
import { groupMembership } from '../src/resources/edges/group-membership.ts';
import help from './jumpcloud_group_membership.yml';

runModule(groupMembership, help);
