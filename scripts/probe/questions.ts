import type { Question } from './question.ts';
import { agentFiles } from './questions/agent-files.ts';
import { clockTolerance } from './questions/clock-tolerance.ts';
import {
  deletedInAssociations,
  deletedInMemberof,
  deletedInUsers,
} from './questions/deleted-objects.ts';
import { deletedRecord } from './questions/deleted-record.ts';
import { dynamicJoin, dynamicLeave } from './questions/dynamic-group.ts';
import { edgeAttributes } from './questions/edge-attributes.ts';
import { furtherReads } from './questions/further-reads.ts';
import { graphLag } from './questions/graph-lag.ts';
import { commandFilter, dynamicMemberships } from './questions/organisation.ts';
import { parallelWrites } from './questions/parallel-writes.ts';
import { rateLimit } from './questions/rate-limit.ts';
import { description, primaryUser, systemInsights } from './questions/record-fields.ts';
import { repeatedAdd, repeatedRemove } from './questions/repeated-writes.ts';

/**
 * The questions in the order of asking. Some questions use objects that earlier questions leave.
 */
export const QUESTIONS: readonly Question[] = [
  agentFiles,
  graphLag,
  repeatedAdd,
  edgeAttributes,
  primaryUser,
  repeatedRemove,
  parallelWrites,
  deletedInMemberof,
  deletedInUsers,
  deletedInAssociations,
  dynamicJoin,
  dynamicLeave,
  description,
  systemInsights,
  clockTolerance,
  furtherReads,
  dynamicMemberships,
  commandFilter,
  rateLimit,
];

/** The question that is asked last, and only with `--delete-record`. */
export const LAST_QUESTION: Question = deletedRecord;
