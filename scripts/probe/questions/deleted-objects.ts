import type { Client } from '../client.ts';
import { deleteTestObject } from '../deletion.ts';
import {
  type EdgeList,
  isSuccess,
  measureTimeUntil,
  membershipRequest,
  readPage,
  userEdgeRequest,
} from '../host-actions.ts';
import type { ProbeRequest } from '../permission.ts';
import {
  defineQuestion,
  type Judgement,
  type Probe,
  type Question,
  verdictIf,
} from '../question.ts';
import { readSmallPages, type SmallPages } from '../small-pages.ts';
import type { TestObject } from '../test-object.ts';
import { UnansweredQuestion } from '../unanswered-question.ts';

/** The maximum time to wait until a list drops a deleted object, as a multiple of `settleMs`. */
const MAX_WAIT_FACTOR = 2;
const OBJECT_INDICES = [1, 2, 3, 4];

interface DeletedEntry {
  readonly listed: boolean;
  readonly counted: boolean;
  readonly short: boolean;
}

const ASSUMPTION =
  'The list drops it after the page was cut: its page is short, and X-Total-Count still counts it.';
const OTHERWISE =
  'Full pages need no total, so nothing is missed. A short page that the total does not explain can end a list of more than 100 entries too early. An object that stays listed is reported as an edge, and an exclusive list cannot remove it.';

/** Asks how the list of groups shows a group that was deleted a moment ago. */
export const deletedInMemberof = deletedObjectQuestion(
  'deleted_in_memberof',
  'memberof',
  'group',
  joinGroups,
);

/** Asks how the list of directly and indirectly bound users shows a user that was just deleted. */
export const deletedInUsers = deletedObjectQuestion('deleted_in_users', 'users', 'user', bindUsers);

/** Asks how the list of direct associations shows a user that was deleted a moment ago. */
export const deletedInAssociations = deletedObjectQuestion(
  'deleted_in_associations',
  'associations?targets=user',
  'user',
  bindUsers,
);

function deletedObjectQuestion(
  id: string,
  list: EdgeList,
  kind: 'group' | 'user',
  edges: (probe: Probe) => Promise<TestObject[]>,
): Question {
  return defineQuestion({
    id,
    question: `How does the list ${list.replace('?', ' with ')} show a ${kind} that was deleted a moment ago?`,
    assumption: ASSUMPTION,
    confidence: 'inferred',
    otherwise: OTHERWISE,
    async ask(probe: Probe) {
      const { deleted, before } = await deleteObjectOnce(probe, kind, edges);
      const { dropped, missing } = before.get(list) ?? { dropped: 0, missing: 0 };
      let answer: DeletedEntry | undefined;
      const isDropped = async () => {
        const now = await readSmallPages(probe.client, list);
        const listed = now.ids.includes(deleted.id);
        const counted = listed || now.dropped > dropped;
        answer = { listed, counted, short: now.missing > missing };
        return !listed;
      };
      await measureTimeUntil(probe.client, isDropped, MAX_WAIT_FACTOR * probe.settleMs);
      if (answer === undefined) throw new UnansweredQuestion('the list was not read');
      return answer;
    },
    judge,
  });
}

/** A deleted object, and the lists that contained it right before its deletion. */
interface Deletion {
  readonly deleted: TestObject;
  readonly before: ReadonlyMap<EdgeList, SmallPages>;
}

const LISTS_BY_KIND = {
  group: ['memberof'],
  user: ['users', 'associations?targets=user'],
} as const satisfies Record<string, readonly EdgeList[]>;

const deletions = new WeakMap<object, Map<string, Promise<Deletion>>>();

/**
 * Deletes the second test object of a kind. Later calls for this kind return the same deletion,
 * because the two questions about lists of users share it.
 */
function deleteObjectOnce(
  probe: Probe,
  kind: 'group' | 'user',
  edges: (probe: Probe) => Promise<TestObject[]>,
): Promise<Deletion> {
  const ofRun = deletions.get(probe.objects) ?? new Map<string, Promise<Deletion>>();
  deletions.set(probe.objects, ofRun);
  const known = ofRun.get(kind);
  if (known !== undefined) return known;
  const deletion = deleteSecondObject(probe, kind, edges);
  ofRun.set(kind, deletion);
  return deletion;
}

async function deleteSecondObject(
  probe: Probe,
  kind: 'group' | 'user',
  edges: (probe: Probe) => Promise<TestObject[]>,
): Promise<Deletion> {
  const objects = await edges(probe);
  const deleted = objects[1];
  if (deleted === undefined) throw new UnansweredQuestion('there are not enough test objects');
  const before = new Map<EdgeList, SmallPages>();
  for (const list of LISTS_BY_KIND[kind]) {
    const isComplete = async () => {
      const pages = await readSmallPages(probe.client, list);
      before.set(list, pages);
      return objects.every(({ id }) => pages.ids.includes(id));
    };
    if ((await measureTimeUntil(probe.client, isComplete, probe.settleMs)) === undefined) {
      throw new UnansweredQuestion('a list does not show the edges to test objects');
    }
  }
  if (!(await deleteTestObject(probe.client, probe.objects, deleted))) {
    throw new UnansweredQuestion('a test object could not be deleted');
  }
  return { deleted, before };
}

async function joinGroups({ client, objects }: Probe): Promise<TestObject[]> {
  const { ids } = await readPage(client, 'memberof', 100, 0);
  const groups: TestObject[] = [];
  for (const index of OBJECT_INDICES) {
    const group = await objects.group(client, index);
    if (!ids.includes(group.id)) {
      await addEdge(client, membershipRequest(client.systemId, 'add', group.id));
    }
    groups.push(group);
  }
  return groups;
}

async function bindUsers({ client, objects }: Probe): Promise<TestObject[]> {
  const { ids } = await readPage(client, 'associations?targets=user', 100, 0);
  const users: TestObject[] = [];
  for (const index of OBJECT_INDICES) {
    const user = await objects.user(client, index);
    if (!ids.includes(user.id))
      await addEdge(client, userEdgeRequest(client.systemId, 'add', user.id));
    users.push(user);
  }
  return users;
}

async function addEdge(client: Client, request: ProbeRequest): Promise<void> {
  const { status } = await client.send(request);
  if (isSuccess(status) || status === 409) return;
  throw new UnansweredQuestion(`an edge to a test object could not be added (status ${status})`);
}

function judge({ listed, counted, short }: DeletedEntry): Judgement {
  const summary = listed
    ? 'It is still listed.'
    : `It is not listed. Its page is ${short ? 'short' : 'full'}, and the total ${counted ? 'still counts' : 'does not count'} it.`;
  const isAssumed = !listed && counted && short;
  if (listed) {
    return {
      verdict: 'otherwise',
      summary,
      module:
        'The modules report the deleted object as an edge. An exclusive list that does not name it fails with not_applied or rejected until JumpCloud drops it.',
    };
  }
  return {
    verdict: verdictIf(isAssumed),
    summary,
    module:
      short && !counted
        ? 'The modules read the whole list if it has at most 100 entries. A longer list can end too early.'
        : 'The modules read the whole list.',
  };
}
