import { association } from './resources/edges/association.ts';
import { groupMembership } from './resources/edges/group-membership.ts';
import { userBinding } from './resources/edges/user-binding.ts';
import { host } from './resources/host/host.ts';
import { systemInfo } from './resources/info/system-info.ts';
import { removal } from './resources/removal/removal.ts';
import { system } from './resources/system/system.ts';

/** Every module there is. Build, tests and scripts read this list; no executable does. */
export const MODULES = [
  system,
  groupMembership,
  userBinding,
  association,
  removal,
  systemInfo,
  host,
] as const;

/** A module's name, which is its executable's. */
export type ModuleName = (typeof MODULES)[number]['name'];
