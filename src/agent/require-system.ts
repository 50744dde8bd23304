import { InvalidArguments } from '../base/errors.ts';

/**
 * Checks that this host is the system that `system_id` names. A delegated task would otherwise
 * change the record of the host that runs the task.
 * @throws InvalidArguments when this host is another system
 */
export function requireSystem(desired: string | undefined, actual: string): void {
  if (desired === undefined || desired === actual) return;
  throw new InvalidArguments([
    {
      option: 'system_id',
      message: `this host is system ${actual}, not ${desired}; nothing was done. Run on the intended host (with delegate_to, a task runs on another host), or correct system_id`,
    },
  ]);
}
