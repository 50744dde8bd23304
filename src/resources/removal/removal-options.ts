import type { Problem } from '../../base/errors.ts';
import { choice } from '../../options/choice.ts';
import { type OptionValues, type PartialValues, withDefault } from '../../options/option.ts';
import { boolean } from '../../options/scalars.ts';
import { checkConnectionOptions, connectionOptions } from '../connection-options.ts';

/** The options of jumpcloud_removal. */
export const removalOptions = {
  ...connectionOptions,
  scope: withDefault(choice('system', 'associations'), 'system'),
  stop_agent: withDefault(boolean(), false),
  purge_identity: withDefault(boolean(), false),
};

/** The values of jumpcloud_removal's options after reading. */
export type RemovalOptions = OptionValues<typeof removalOptions>;

/** Returns the problems of options that do not fit together. */
export function checkRemovalOptions(given: PartialValues<typeof removalOptions>): Problem[] {
  const general = checkConnectionOptions(given);
  if (given.scope !== 'associations' || given.purge_identity !== true) return general;
  return [
    ...general,
    {
      option: 'purge_identity',
      message:
        'cannot be used with scope: associations, because the record is kept, and the host would lose its key to the record',
    },
  ];
}
