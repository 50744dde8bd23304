import { isSuccess, measureTimeUntil, recordReadRequest } from '../host-actions.ts';
import { defineQuestion, type Probe } from '../question.ts';
import { UnansweredQuestion } from '../unanswered-question.ts';

const MAX_VISIBLE_MS = 30_000;
/** The time for which jumpcloud_removal waits until the record is gone, in milliseconds. */
const READ_BACK_MS = 10_000;

/**
 * Asks how soon this host's record is gone after its deletion. Asked last, and only with
 * `--delete-record`.
 */
export const deletedRecord = defineQuestion({
  id: 'deleted_record',
  question: "Is the DELETE of a connected agent's record seen at once, and what is answered then?",
  assumption: 'Within 10 s, this host is answered 401 or 404.',
  confidence: 'inferred',
  otherwise:
    'jumpcloud_removal waits for 10 s, then fails with not_applied and keeps the key. The next run finds the record gone.',
  async ask({ client }: Probe) {
    const read = recordReadRequest(client.systemId);
    const { status } = await client.send({ ...read, method: 'DELETE' });
    if (!isSuccess(status)) throw new UnansweredQuestion(`the DELETE was answered ${status}`);
    let gone_status = 0;
    const isGone = async () => {
      gone_status = (await client.send(read)).status;
      return !isSuccess(gone_status);
    };
    const visible_ms = (await measureTimeUntil(client, isGone, MAX_VISIBLE_MS)) ?? MAX_VISIBLE_MS;
    return { visible_ms, gone_status };
  },
  judge({ visible_ms, gone_status }) {
    const isProof = gone_status === 401 || gone_status === 404;
    const isAssumed = visible_ms < READ_BACK_MS && isProof;
    return {
      verdict: isAssumed ? 'as assumed' : 'otherwise',
      summary: isSuccess(gone_status)
        ? `The record was still shown after ${visible_ms} ms.`
        : `The record was gone after ${visible_ms} ms. The answer was ${gone_status}.`,
      module: isAssumed
        ? 'jumpcloud_removal succeeds and writes the tombstone.'
        : visible_ms >= READ_BACK_MS
          ? 'jumpcloud_removal fails with not_applied after 10 s and keeps the key. The next run finds the record gone.'
          : 'jumpcloud_removal fails, because nothing proves that the record is gone, and keeps the key.',
    };
  },
});
