import { READ_BACK_TIMEOUT_MS } from '../../../src/resources/read-back-timeout.ts';
import {
  isListed,
  isSuccess,
  measureTimeUntil,
  membershipRequest,
  requireClearStatus,
  userEdgeRequest,
} from '../host-actions.ts';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';
import { UnansweredQuestion } from '../unanswered-question.ts';

/** The maximum measured lag in milliseconds. */
const MAX_LAG_MS = 30_000;

/**
 * Asks how long after a write the lists still show the old state. Leaves this host in group 1 and
 * bound to user 1.
 */
export const graphLag = defineQuestion({
  id: 'graph_lag',
  question: 'How soon do lists show that this host joined a group or was bound to a user?',
  assumption: 'Within 10 s.',
  confidence: 'inferred',
  otherwise:
    'Reads back for 10 s, then fails with not_applied although the change was made. The next run finds it.',
  async ask(probe: Probe) {
    const { client, objects } = probe;
    const group = await objects.group(client, 1);
    const joined = await client.send(membershipRequest(client.systemId, 'add', group.id));
    if (!isSuccess(requireClearStatus(joined))) {
      throw new UnansweredQuestion(
        `this host could not join a test group (status ${joined.status})`,
      );
    }
    const membership_ms = await measureLag(probe, () => isListed(client, 'memberof', group.id));
    const user = await objects.user(client, 1);
    const bound = await client.send(userEdgeRequest(client.systemId, 'add', user.id));
    if (!isSuccess(requireClearStatus(bound))) {
      throw new UnansweredQuestion(`a test user could not be bound (status ${bound.status})`);
    }
    const association_ms = await measureLag(probe, () =>
      isListed(client, 'associations?targets=user', user.id),
    );
    probe.settleMs = Math.max(probe.settleMs, 2 * membership_ms, 2 * association_ms);
    return { membership_ms, association_ms };
  },
  judge({ membership_ms, association_ms }) {
    const longest = Math.max(membership_ms, association_ms);
    const isShown = longest < READ_BACK_TIMEOUT_MS;
    return {
      verdict: verdictIf(isShown),
      summary:
        longest === 0
          ? 'The first reads showed the changes.'
          : `Memberships were shown after ${membership_ms} ms, associations after ${association_ms} ms.`,
      module: isShown
        ? 'The modules read back until the change is shown, and succeed.'
        : 'The modules fail with not_applied after 10 s. The next run finds the change.',
    };
  },
});

async function measureLag({ client }: Probe, holds: () => Promise<boolean>): Promise<number> {
  return (await measureTimeUntil(client, holds, MAX_LAG_MS)) ?? MAX_LAG_MS;
}
