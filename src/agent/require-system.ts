import { InvalidArguments } from '../base/errors.ts';

/**
 * Keeps a run from another host's record than the one that is meant: a task that was delegated would
 * change the record of the host that it was delegated to.
 * @throws InvalidArguments when this host is not the system that was asked for
 */
export function requireSystem(desired: string | undefined, actual: string): void {
  if (desired === undefined || desired === actual) return;
  throw new InvalidArguments([
    {
      option: 'system_id',
      message: `this host is system ${actual}, not ${desired}; nothing was done. Run on the host that is meant (a delegated task runs elsewhere), or correct system_id`,
    },
  ]);
}
