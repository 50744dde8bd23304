import { InvalidArguments } from '../base/errors.ts';

/**
 * Checks that this host is the system that the call is meant for. A delegated task would otherwise
 * change the record of the host that it was delegated to.
 * @throws InvalidArguments when this host is another system
 */
export function requireSystem(desired: string | undefined, actual: string): void {
  if (desired === undefined || desired === actual) return;
  throw new InvalidArguments([
    {
      option: 'system_id',
      message: `this host is system ${actual}, not ${desired}; nothing was done. Run on the intended host (a delegated task runs elsewhere), or correct system_id`,
    },
  ]);
}
