import {
  isListed,
  measureTimeUntil,
  membershipRequest,
  requireClearStatus,
  userEdgeRequest,
} from '../host-actions.ts';
import { edgeOutcome } from '../module-results.ts';
import { defineQuestion, type Judgement, type Probe, verdictIf } from '../question.ts';

interface Statuses {
  readonly membership: number;
  readonly association: number;
}

/** Asks how JumpCloud answers requests to add existing edges. */
export const repeatedAdd = defineQuestion({
  id: 'repeated_add',
  question: 'What is answered when this host adds an edge that it already has?',
  assumption: '409.',
  confidence: 'documented',
  otherwise:
    'Only matters if someone else adds the edge during the run. A refusal counts as done, because reading back shows the edge. After 2xx, the run reports the change as its own.',
  async ask({ client, objects }: Probe) {
    const group = await objects.group(client, 1);
    const user = await objects.user(client, 1);
    const joined = await client.send(membershipRequest(client.systemId, 'add', group.id));
    const bound = await client.send(userEdgeRequest(client.systemId, 'add', user.id));
    return { membership: requireClearStatus(joined), association: requireClearStatus(bound) };
  },
  judge: (statuses: Statuses) => judge('add', statuses, 409),
});

/**
 * Asks how JumpCloud answers requests to remove edges that do not exist. Leaves this host without
 * edges to group 1 and user 1.
 */
export const repeatedRemove = defineQuestion({
  id: 'repeated_remove',
  question: 'What is answered when this host removes an edge that it does not have?',
  assumption: '404.',
  confidence: 'inferred',
  otherwise:
    'Only matters if someone else removes the edge during the run. A refusal counts as done, because reading back does not show the edge. After 2xx, the run reports the change as its own.',
  async ask(probe: Probe) {
    const { client, objects } = probe;
    const { systemId } = client;
    const group = await objects.group(client, 1);
    const user = await objects.user(client, 1);
    await client.send(membershipRequest(systemId, 'remove', group.id));
    await client.send(userEdgeRequest(systemId, 'remove', user.id));
    const isGone = async () => !(await isListed(client, 'memberof', group.id));
    await measureTimeUntil(client, isGone, probe.settleMs);
    const left = await client.send(membershipRequest(systemId, 'remove', group.id));
    const unbound = await client.send(userEdgeRequest(systemId, 'remove', user.id));
    return { membership: requireClearStatus(left), association: requireClearStatus(unbound) };
  },
  judge: (statuses: Statuses) => judge('remove', statuses, 404),
});

function judge(
  op: 'add' | 'remove',
  { membership, association }: Statuses,
  assumed: number,
): Judgement {
  const outcomes = [membership, association].map((status) =>
    edgeOutcome(op, { status, effect: true }),
  );
  const failed = outcomes.find((outcome) => outcome !== 'ok');
  const claims = membership < 300 || association < 300;
  return {
    verdict: verdictIf(membership === assumed && association === assumed),
    summary: `${membership} for a membership, ${association} for an association.`,
    module:
      failed !== undefined
        ? `A run during which someone else makes the same change fails with ${failed}.`
        : claims
          ? 'A run during which someone else makes the same change succeeds, and may report that change as its own.'
          : 'A run during which someone else makes the same change succeeds and does not report that change as its own.',
  };
}
