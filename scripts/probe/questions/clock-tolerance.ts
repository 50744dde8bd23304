import type { Client } from '../client.ts';
import { recordReadRequest } from '../host-actions.ts';
import { defineQuestion, type Probe, verdictIf } from '../question.ts';

/** The clock errors to try, in seconds. */
const CLOCK_ERRORS_S = [30, 60, 120, 180, 240, 290, 310, 360, 600, 900, 1800, 3600, 7200, 86_400];
/** The indices of the clock errors around the assumed limit. */
const FIRST_INDICES = [CLOCK_ERRORS_S.indexOf(290), CLOCK_ERRORS_S.indexOf(310)];
/** The largest clock error that the modules do not correct, in seconds. */
const MAX_UNCORRECTED_ERROR_S = 30;

/** Asks how large a clock error JumpCloud accepts. Only reads this host's record. */
export const clockTolerance = defineQuestion({
  id: 'clock_tolerance',
  question: 'How wrong may the Date of a signed request be?',
  assumption: '300 s, ahead or behind.',
  confidence: 'inferred',
  otherwise:
    'A refused signature is repeated with the time of the answer if the clock is off by more than 30 s. With a tolerance below 30 s, a host whose clock is off by up to 30 s fails with unauthorized.',
  ask: async ({ client }: Probe) => ({
    ahead_s: await measureTolerance(client, 1),
    behind_s: await measureTolerance(client, -1),
  }),
  judge({ ahead_s, behind_s }) {
    const lower = Math.min(ahead_s, behind_s);
    return {
      verdict: verdictIf(ahead_s === 300 && behind_s === 300),
      summary: `About ${ahead_s} s ahead and ${behind_s} s behind.`,
      module:
        lower >= MAX_UNCORRECTED_ERROR_S
          ? 'The modules correct the time after a 401, warn about the clock, and succeed.'
          : `The modules correct the time if the clock is off by more than ${MAX_UNCORRECTED_ERROR_S} s. With a smaller error that JumpCloud refuses, they fail with unauthorized.`,
    };
  },
});

/**
 * Returns the tolerated clock error in seconds: the middle between the largest accepted and the
 * smallest refused error.
 */
async function measureTolerance(client: Client, sign: 1 | -1): Promise<number> {
  const isAccepted = async (index: number) => {
    const clockErrorSeconds = sign * (CLOCK_ERRORS_S[index] ?? 0);
    const answer = await client.send({ ...recordReadRequest(client.systemId), clockErrorSeconds });
    return answer.status === 200;
  };
  let [accepted, refused] = [-1, CLOCK_ERRORS_S.length];
  const tryOne = async (index: number) => {
    if (await isAccepted(index)) accepted = Math.max(accepted, index);
    else refused = Math.min(refused, index);
  };
  for (const index of FIRST_INDICES) {
    if (index > accepted && index < refused) await tryOne(index);
  }
  while (refused - accepted > 1) await tryOne(Math.floor((accepted + refused) / 2));
  const lowest = CLOCK_ERRORS_S[accepted] ?? 0;
  return Math.round((lowest + (CLOCK_ERRORS_S[refused] ?? lowest)) / 2);
}
