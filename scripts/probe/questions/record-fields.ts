import {
  isSuccess,
  measureTimeUntil,
  readRecord,
  recordChangeRequest,
  requireClearStatus,
} from '../host-actions.ts';
import { moduleSentence, recordOutcome } from '../module-results.ts';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';
import {
  insightsState,
  MARKER_FORMAT,
  MAX_DESCRIPTION_LENGTH,
  toMarkedDescription,
} from '../record-marker.ts';
import { UnansweredQuestion } from '../unanswered-question.ts';

const OTHERWISE_TEXT =
  "A refusal fails with JumpCloud's words, an answer without effect with not_applied.";

/**
 * Asks how JumpCloud answers a request to change the description. Leaves a marker in the
 * description until the record is restored.
 */
export const description = defineQuestion({
  id: 'description',
  question: 'Can a system change its description?',
  assumption: 'Yes, although the published description of the API omits the field.',
  confidence: 'documented',
  otherwise: OTHERWISE_TEXT,
  async ask(probe: Probe) {
    const { client, objects, record } = probe;
    const original = record['description'] ?? '';
    if (typeof original !== 'string' || original.length > MAX_DESCRIPTION_LENGTH) {
      throw new UnansweredQuestion('the description is too long to be changed and restored safely');
    }
    const systemInsights = insightsState(record['systemInsights']);
    const marker = toMarkedDescription(objects.run, { description: original, systemInsights });
    const answer = await client.send(recordChangeRequest(client.systemId, { description: marker }));
    const isShown = async () => (await readRecord(client))['description'] === marker;
    const effect = (await measureTimeUntil(client, isShown, probe.settleMs)) !== undefined;
    return { status: requireClearStatus(answer), effect };
  },
  judge: (answer) => ({
    verdict: verdictIf(isSuccess(answer.status) && answer.effect),
    summary: summaryOf(answer),
    module: moduleSentence('jumpcloud_system with description', recordOutcome(answer)),
  }),
});

/**
 * Asks how JumpCloud answers a request to change systemInsights. Requires that the marker in the
 * description contains the original value.
 */
export const systemInsights = defineQuestion({
  id: 'system_insights',
  question:
    "Can a system change systemInsights, which JumpCloud's own scripts write as administrators?",
  assumption: 'Yes.',
  confidence: 'inferred',
  otherwise: OTHERWISE_TEXT,
  async ask(probe: Probe) {
    const { client } = probe;
    const now = await readRecord(client);
    const state = insightsState(now['systemInsights']);
    if (state === undefined)
      throw new UnansweredQuestion('the record has no systemInsights to restore');
    if (!MARKER_FORMAT.test(String(now['description']))) {
      throw new UnansweredQuestion('the description does not hold the state to restore');
    }
    const other = state === 'enabled' ? 'deferred' : 'enabled';
    const change = (to: string) =>
      recordChangeRequest(client.systemId, { systemInsights: { state: to } });
    const answer = await client.send(change(other));
    const isIn = (wanted: string) => async () =>
      insightsState((await readRecord(client))['systemInsights']) === wanted;
    const effect = (await measureTimeUntil(client, isIn(other), probe.settleMs)) !== undefined;
    if (effect) await client.send(change(state));
    return { status: requireClearStatus(answer), effect };
  },
  judge: (answer) => ({
    verdict: verdictIf(isSuccess(answer.status) && answer.effect),
    summary: summaryOf(answer),
    module: moduleSentence('jumpcloud_system with system_insights', recordOutcome(answer)),
  }),
});

/**
 * Asks how JumpCloud answers a request to change the primary user. Requires that this host has no
 * primary user and is bound to user 1.
 */
export const primaryUser = defineQuestion({
  id: 'primary_user',
  question:
    'Can a system set its primary user with the flat key primarySystemUser.id, and in which form is it read back?',
  assumption: 'Yes. It is read back as a nested or as a flat key.',
  confidence: 'one source',
  otherwise: OTHERWISE_TEXT,
  async ask(probe: Probe) {
    const { client, objects } = probe;
    const before = readPrimaryUser(await readRecord(client));
    if (before.id !== undefined)
      throw new UnansweredQuestion('this host has a primary user, which is kept');
    const user = await objects.user(client, 1);
    const change = (id: string | null) =>
      recordChangeRequest(client.systemId, { 'primarySystemUser.id': id });
    const answer = await client.send(change(user.id));
    let { form } = before;
    const isShown = async () => {
      const primary = readPrimaryUser(await readRecord(client));
      form = primary.form;
      return primary.id === user.id;
    };
    const effect = (await measureTimeUntil(client, isShown, probe.settleMs)) !== undefined;
    if (effect) await client.send(change(null));
    return { status: requireClearStatus(answer), effect, form };
  },
  judge: (answer) => ({
    verdict: verdictIf(isSuccess(answer.status) && answer.effect && answer.form !== 'none'),
    summary: `${summaryOf(answer)} The record has ${answer.form === 'none' ? 'no primary user' : `it as a ${answer.form} key`}.`,
    module: moduleSentence('jumpcloud_system with primary_user', recordOutcome(answer)),
  }),
});

function summaryOf({ status, effect }: { status: number; effect: boolean }): string {
  return `${status}, and the record ${effect ? 'changed' : 'did not change'}.`;
}

/**
 * Reads the primary user of a record: the user's id, and whether the record has it under a nested
 * or a flat key. Without a primary user, the id is undefined.
 */
export function readPrimaryUser(record: Readonly<Record<string, unknown>>): {
  readonly id: string | undefined;
  readonly form: 'nested' | 'flat' | 'none';
} {
  const flat = record['primarySystemUser.id'];
  const nested = Object(record['primarySystemUser']).id;
  const id = [flat, nested].find((value) => typeof value === 'string' && value !== '');
  const form =
    'primarySystemUser.id' in record ? 'flat' : record['primarySystemUser'] ? 'nested' : 'none';
  return { id, form };
}
