import { stringify } from 'yaml';
import { HOST_MODULES } from '../../src/modules.ts';
import { collectionName } from './collection-name.ts';

/**
 * The name of the action plugin that runs the modules on hosts. The plugin is in
 * `collection/plugins/action`.
 */
export const ACTION_PLUGIN = 'one_command';

/**
 * Returns the text of `meta/runtime.yml`. Its action group `all` lets playbooks use
 * `module_defaults: group/systemcontext.jumpcloud.all`. The members of the group must accept the
 * same options, so modules that run on the control node are excluded. These modules need no action
 * plugin, because Ansible does not copy them to a host.
 */
export function collectionRuntime(): string {
  const all = HOST_MODULES.map(({ name }) => name).sort();
  const { namespace, name } = collectionName;
  const routing = { action_plugin: `${namespace}.${name}.${ACTION_PLUGIN}` };
  return stringify(
    {
      requires_ansible: '>=2.14.0',
      action_groups: { all },
      plugin_routing: { modules: Object.fromEntries(all.map((module) => [module, routing])) },
    },
    { aliasDuplicateObjects: false },
  );
}
