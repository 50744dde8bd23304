import { doctor } from './resources/doctor/doctor.ts';
import { association } from './resources/edges/association.ts';
import { groupMembership } from './resources/edges/group-membership.ts';
import { userBinding } from './resources/edges/user-binding.ts';
import { host } from './resources/host/host.ts';
import { systemInfo } from './resources/info/system-info.ts';
import { names } from './resources/names/names.ts';
import { removal } from './resources/removal/removal.ts';
import { staleSystems } from './resources/stale/stale-systems.ts';
import { system } from './resources/system/system.ts';

/** All modules, for the build, tests and scripts. Executables do not import this list. */
export const MODULES = [
  system,
  groupMembership,
  userBinding,
  association,
  removal,
  systemInfo,
  doctor,
  host,
  names,
  staleSystems,
] as const;

/**
 * The modules that run on a managed host and sign with its agent's key. All others run on a control
 * node.
 */
export const HOST_MODULES = MODULES.filter(({ options }) => 'agent_dir' in options);

/** The name of a module, which is also the name of its executable. */
export type ModuleName = (typeof MODULES)[number]['name'];
