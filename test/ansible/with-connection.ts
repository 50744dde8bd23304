import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Controller } from '../harness/ansible/controller.ts';

const EXAMPLES = new URL('../../ansible-examples/', import.meta.url).pathname;

/**
 * Puts an example playbook on the controller and returns its path. Its modules take `agent_dir` and
 * `api_url` from the inventory's variables `test_agent_dir` and `test_api_url`, with `module_defaults`.
 */
export async function putPlaybook(
  controller: Controller,
  example: string,
  change = (text: string) => text,
): Promise<string> {
  const plays: object[] = parse(change(await readFile(join(EXAMPLES, example), 'utf8')));
  const connection = { agent_dir: '{{ test_agent_dir }}', api_url: '{{ test_api_url }}' };
  const module_defaults = { 'group/systemcontext.jumpcloud.all': connection };
  return controller.put(example, stringify(plays.map((play) => ({ ...play, module_defaults }))));
}
