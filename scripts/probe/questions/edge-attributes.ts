import {
  isSuccess,
  measureTimeUntil,
  readPage,
  requireClearStatus,
  userEdgeRequest,
} from '../host-actions.ts';
import { edgeOutcome, moduleSentence } from '../module-results.ts';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';
import { UnansweredQuestion } from '../unanswered-question.ts';

/** The attributes of an edge without sudo. */
const NO_SUDO = { sudo: { enabled: false, withoutPassword: false } };

/**
 * Asks how an edge that was added without attributes is listed, and whether `op: update` can set
 * its attributes later. Uses the edge to user 1.
 */
export const edgeAttributes = defineQuestion({
  id: 'edge_attributes',
  question:
    'How does an association that was added without attributes read, and can this host set attributes later with op update?',
  assumption: 'The attributes are null or absent, and the update is answered 204 and takes effect.',
  confidence: 'one source',
  otherwise:
    "Null, absent and empty attributes are read as no sudo. If the update is refused or has no effect, jumpcloud_user_binding fails with JumpCloud's words or with not_applied.",
  async ask(probe: Probe) {
    const { client, objects } = probe;
    const user = await objects.user(client, 1);
    const attributes = async () => {
      const { entries } = await readPage(client, 'associations?targets=user', 100, 0);
      const edge = entries.find(({ to }) => Object(to).id === user.id);
      if (edge === undefined)
        throw new UnansweredQuestion('the association with the test user is not listed');
      return edge['attributes'];
    };
    const unset = formOf(await attributes());
    const request = userEdgeRequest(client.systemId, 'update', user.id, NO_SUDO);
    const status = requireClearStatus(await client.send(request));
    const isSet = async () => Object(Object(await attributes()).sudo).enabled === false;
    const effect = (await measureTimeUntil(client, isSet, probe.settleMs)) !== undefined;
    return { unset, status, effect };
  },
  judge({ unset, status, effect }) {
    const outcome = edgeOutcome('add', { status, effect });
    return {
      verdict: verdictIf(unset !== 'other' && isSuccess(status) && effect),
      summary: `The attributes were ${unset} at first. The update was answered ${status} and had ${effect ? 'an' : 'no'} effect.`,
      module: moduleSentence('jumpcloud_user_binding, which changes sudo with op update,', outcome),
    };
  },
});

function formOf(attributes: unknown): 'null' | 'absent' | 'empty' | 'other' {
  if (attributes === undefined) return 'absent';
  if (attributes === null) return 'null';
  return typeof attributes === 'object' && Object.keys(attributes).length === 0 ? 'empty' : 'other';
}
