import type { Client } from '../client.ts';
import { deleteTestObject } from '../deletion.ts';
import {
  isListed,
  measureTimeUntil,
  membershipRequest,
  requireClearStatus,
} from '../host-actions.ts';
import { edgeOutcome, moduleSentence } from '../module-results.ts';
import {
  defineQuestion,
  type Judgement,
  type Probe,
  type Question,
  verdictIf,
} from '../question.ts';
import type { TestObject } from '../test-object.ts';
import { UnansweredQuestion } from '../unanswered-question.ts';

/** The maximum time to wait until a rule has filled a group, in milliseconds. */
const MAX_FILL_MS = 30_000;

const ASSUMED_STATUSES = [400, 403, 204];
const OTHERWISE =
  "A refusal fails with JumpCloud's words and a hint about dynamic groups. An answer without effect fails with not_applied after 10 s. If the change is kept, the run succeeds.";

/**
 * Asks how JumpCloud answers when this host joins a dynamic group. The group's rule matches no
 * host.
 */
export const dynamicJoin = dynamicGroupQuestion('dynamic_join', {
  question: 'What is answered when this host joins a dynamic group by hand?',
  op: 'add',
  prepare: ({ client, objects }) => makeEmptyGroup(client, objects),
});

/**
 * Asks how JumpCloud answers when this host leaves a dynamic group. The group's rule matches only
 * this host.
 */
export const dynamicLeave = dynamicGroupQuestion('dynamic_leave', {
  question: 'What is answered when this host leaves a dynamic group by hand?',
  op: 'remove',
  prepare: makeGroupOfThisHost,
});

interface Definition {
  readonly question: string;
  readonly op: 'add' | 'remove';
  readonly prepare: (probe: Probe) => Promise<TestObject>;
}

function dynamicGroupQuestion(id: string, { question: text, op, prepare }: Definition): Question {
  return defineQuestion({
    id,
    question: text,
    assumption: '400, 403 or 204, in any case without effect.',
    confidence: 'inferred',
    otherwise: OTHERWISE,
    async ask(probe: Probe) {
      const { client } = probe;
      const group = await prepare(probe);
      const answer = await client.send(membershipRequest(client.systemId, op, group.id));
      const isChanged = async () =>
        (await isListed(client, 'memberof', group.id)) === (op === 'add');
      const effect = (await measureTimeUntil(client, isChanged, probe.settleMs)) !== undefined;
      return { status: requireClearStatus(answer), effect };
    },
    judge: (answer) => judge(op, answer),
  });
}

async function makeEmptyGroup(client: Client, objects: Probe['objects']): Promise<TestObject> {
  const group = await objects.dynamicGroup(client, 1, `jsc-probe-${objects.run}`);
  await requireMembers(client, objects, group, []);
  return group;
}

async function makeGroupOfThisHost(probe: Probe): Promise<TestObject> {
  const { client, objects, record } = probe;
  const { hostname } = record;
  if (typeof hostname !== 'string' || hostname === '') {
    throw new UnansweredQuestion('the record has no host name to make a rule from');
  }
  const group = await objects.dynamicGroup(client, 2, hostname);
  const isFilled = () => isListed(client, 'memberof', group.id);
  const filled = await measureTimeUntil(client, isFilled, MAX_FILL_MS);
  if (filled === undefined) {
    throw new UnansweredQuestion(
      'the rule of the test group did not make this host a member within 30 s',
    );
  }
  await requireMembers(client, objects, group, [client.systemId]);
  return group;
}

/**
 * Checks that a dynamic group contains only expected hosts. Otherwise deletes the group at once.
 */
async function requireMembers(
  client: Client,
  objects: Probe['objects'],
  group: TestObject,
  expected: readonly string[],
): Promise<void> {
  const path = `/api/v2/systemgroups/${group.id}/membership?limit=10`;
  const { status, body } = await client.send({ actor: 'administrator', method: 'GET', path });
  const members = Array.isArray(body) ? body.map((entry) => String(Object(entry).id)) : undefined;
  if (status === 200 && members?.every((id) => expected.includes(id))) return;
  await deleteTestObject(client, objects, group);
  throw new UnansweredQuestion(
    'the rule of the test group matches other hosts, so it was deleted at once',
  );
}

function judge(
  op: 'add' | 'remove',
  answer: { readonly status: number; readonly effect: boolean },
): Judgement {
  const { status, effect } = answer;
  return {
    verdict: verdictIf(ASSUMED_STATUSES.includes(status) && !effect),
    summary: `${status}, and the membership ${effect ? 'changed' : 'did not change'}.`,
    module: moduleSentence(
      `jumpcloud_group_membership that ${op === 'add' ? 'adds' : 'removes'} the group`,
      edgeOutcome(op, answer),
    ),
  };
}
