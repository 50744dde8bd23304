import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Controller } from '../harness/ansible/controller.ts';

const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;

/**
 * Puts an example playbook on the controller and returns its path. Adds `module_defaults` to each
 * play: the options `agent_dir`, `api_url` and `token_url` come from the inventory's variables
 * `test_agent_dir`, `test_api_url` and `test_token_url`.
 */
export async function putPlaybook(
  controller: Controller,
  example: string,
  change = (text: string) => text,
): Promise<string> {
  const plays: object[] = parse(change(await readFile(join(EXAMPLES, example), 'utf8')));
  const api_url = '{{ test_api_url }}';
  const admin = { api_url, token_url: '{{ test_token_url | default(omit) }}' };
  const module_defaults = {
    'group/systemcontext.jumpcloud.all': {
      agent_dir: '{{ test_agent_dir | default(omit) }}',
      api_url,
    },
    'systemcontext.jumpcloud.jumpcloud_names': admin,
    'systemcontext.jumpcloud.jumpcloud_stale_systems': admin,
  };
  return controller.put(example, stringify(plays.map((play) => ({ ...play, module_defaults }))));
}
