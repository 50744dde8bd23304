import { NON_USER_ASSOCIATION_TYPES } from '../../base/named-kinds.ts';
import { choices } from '../../options/choice.ts';
import { type OptionValues, withDefault } from '../../options/option.ts';
import { connectionOptions } from '../connection-options.ts';

/** The default value of the option `gather`. */
const DEFAULT_PARTS = ['system', 'groups', 'users', 'associations', 'agent'] as const;

/** The options of jumpcloud_system_info. */
export const systemInfoOptions = {
  ...connectionOptions,
  gather: withDefault(choices(...DEFAULT_PARTS, 'facts'), [...DEFAULT_PARTS]),
};

/** The values of jumpcloud_system_info's options after reading. */
export type SystemInfoOptions = OptionValues<typeof systemInfoOptions>;

/** Returns for each read whether the requested parts need it. */
export function requiredReads(parts: SystemInfoOptions['gather']) {
  const isRequested = (part: (typeof DEFAULT_PARTS)[number]) => parts.includes(part);
  return {
    record: isRequested('system') || isRequested('agent'),
    groups: isRequested('groups'),
    users: isRequested('users'),
    associations: isRequested('associations'),
  };
}

/** Returns the number of reads that the requested parts need. */
export function countReads(parts: SystemInfoOptions['gather']): number {
  const { associations, ...single } = requiredReads(parts);
  const lists = associations ? NON_USER_ASSOCIATION_TYPES.length : 0;
  return lists + Object.values(single).filter(Boolean).length;
}
