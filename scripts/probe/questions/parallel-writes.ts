import { isSuccess, measureTimeUntil, membershipRequest, readPage } from '../host-actions.ts';
import { edgeOutcome } from '../module-results.ts';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';

/** The number of edges that the modules write in parallel. */
const PARALLEL_WRITES = 5;

/**
 * Asks how JumpCloud answers five parallel requests to join groups. Leaves this host in the groups
 * 1 to 5.
 */
export const parallelWrites = defineQuestion({
  id: 'parallel_writes',
  question: 'Are five graph writes of one system at the same time all accepted and kept?',
  assumption: 'Yes.',
  confidence: 'inferred',
  otherwise:
    "A write answered 429 or 5xx is repeated. A write refused otherwise fails with JumpCloud's words; one that is lost after 204 fails with not_applied after 10 s. The next run repeats both.",
  async ask(probe: Probe) {
    const { client, objects } = probe;
    const ids: string[] = [];
    for (let i = 1; i <= PARALLEL_WRITES; i++) ids.push((await objects.group(client, i)).id);
    const answers = await Promise.all(
      ids.map((id) => client.sendOnce(membershipRequest(client.systemId, 'add', id))),
    );
    const acceptedIds = ids.filter((_, i) => isSuccess(answers[i]?.status ?? 0));
    let missing = acceptedIds;
    const areShown = async () => {
      const { ids: shown } = await readPage(client, 'memberof', 100, 0);
      missing = acceptedIds.filter((id) => !shown.includes(id));
      return missing.length === 0;
    };
    await measureTimeUntil(client, areShown, probe.settleMs);
    const refusals = answers.filter(({ status }) => !isSuccess(status));
    return { refused: refusals.length, status: refusals[0]?.status ?? 0, lost: missing.length };
  },
  judge({ refused, status, lost }) {
    const lostText = lost > 0 ? 'fails with not_applied for the lost ones' : '';
    const outcome = edgeOutcome('add', { status, effect: false });
    const refusedText =
      refused === 0
        ? ''
        : outcome === 'unavailable' || status === 0
          ? 'repeats the refused ones'
          : `fails with ${outcome} for the refused ones`;
    const parts = [refusedText, lostText].filter((text) => text !== '');
    return {
      verdict: verdictIf(refused + lost === 0),
      summary:
        refused + lost === 0
          ? 'All five were accepted and kept.'
          : `Of five, ${refused} ${refused === 1 ? 'was' : 'were'} refused${refused > 0 ? ` (status ${status})` : ''} and ${lost} accepted but lost.`,
      module:
        parts.length === 0
          ? 'A module that writes several edges succeeds.'
          : `A module that writes several edges ${parts.join(' and ')}. The next run makes the missing changes.`,
    };
  },
});
