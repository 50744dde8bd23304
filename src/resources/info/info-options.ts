import { OBJECT_TYPES } from '../../base/named-kinds.ts';
import { choices } from '../../options/choice.ts';
import { type OptionValues, withDefault } from '../../options/option.ts';
import { connectionOptions } from '../connection-options.ts';

/** The parts that are read by default. */
const PARTS = ['system', 'groups', 'users', 'associations', 'agent'] as const;

/** The options of jumpcloud_system_info. */
export const systemInfoOptions = {
  ...connectionOptions,
  gather: withDefault(choices(...PARTS, 'facts'), [...PARTS]),
};

/** The options of jumpcloud_system_info as read. */
export type SystemInfoOptions = OptionValues<typeof systemInfoOptions>;

/** What has to be read for the parts that are asked for. */
export function requiredReads(parts: SystemInfoOptions['gather']) {
  const asked = (part: (typeof PARTS)[number]) => parts.includes(part);
  return {
    record: asked('system') || asked('agent'),
    groups: asked('groups'),
    users: asked('users'),
    associations: asked('associations'),
  };
}

/** How many reads that takes. */
export function readCount(parts: SystemInfoOptions['gather']): number {
  const { associations, ...single } = requiredReads(parts);
  const lists = associations ? OBJECT_TYPES.length : 0;
  return lists + Object.values(single).filter(Boolean).length;
}
