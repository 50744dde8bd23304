import { runAsProcess } from '../src/protocol/run-as-process.ts';
import { groupMembership } from '../src/resources/edges/group-membership.ts';
import help from './jumpcloud_group_membership.yml';

runAsProcess(groupMembership, help);
