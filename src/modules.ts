import { association } from './resources/edges/association.ts';
import { groupMembership } from './resources/edges/group-membership.ts';
import { userBinding } from './resources/edges/user-binding.ts';
import { host } from './resources/host/host.ts';
import { systemInfo } from './resources/info/system-info.ts';
import { names } from './resources/names/names.ts';
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
  names,
] as const;

/** The modules that speak for a host, as its agent; the others run where an administrator works. */
export const HOST_MODULES = MODULES.filter(({ options }) => 'agent_dir' in options);

/** A module's name, which is its executable's. */
export type ModuleName = (typeof MODULES)[number]['name'];
