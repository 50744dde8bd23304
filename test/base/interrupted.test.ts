import { expect, test } from 'vitest';
import { Unauthorized } from '../../src/base/errors.ts';
import { Interrupted, mayHaveTakenEffect, withInDoubt } from '../../src/base/interrupted.ts';

const interruption = new Interrupted(['Interrupted by SIGTERM.', 'Run again to finish.']);
const failureOfAnother = new Unauthorized(['JumpCloud does not accept this host (401).', 'Check.']);

test.each([true, false])(
  'for the error of withInDoubt(error, %s), mayHaveTakenEffect returns this boolean',
  (inDoubt) => {
    for (const error of [interruption, failureOfAnother]) {
      const ended = withInDoubt(error, inDoubt);
      expect(mayHaveTakenEffect(ended)).toBe(inDoubt);
      expect(ended).toBeInstanceOf(error.constructor);
      expect((ended as Error).message).toBe(error.message);
    }
    expect(failureOfAnother.inDoubt).toBe(false);
  },
);
