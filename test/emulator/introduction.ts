import type { EnrolledHost } from './enrol.ts';
import type { HostWithSamples } from './furnish.ts';

/** What is there to try things on. */
export interface Offer {
  readonly url: string;
  /** At least one; the first is the one that the objects stand in a relation to. */
  readonly hosts: readonly [EnrolledHost, ...EnrolledHost[]];
  readonly objects: readonly HostWithSamples[];
  readonly apiKey: string;
}

/** Tells a person what there is, with lines to paste. */
export function introduction({ url, hosts, objects, apiKey }: Offer): string {
  const [{ agentDir, systemId }] = hosts;
  const free = (type: HostWithSamples['type']) =>
    objects.find((object) => object.type === type && object.standing === '')?.id;
  const call = (module: string, options: Record<string, unknown>, ...flags: string[]) =>
    `  ${[`dist/modules/${module}`, quoted(JSON.stringify(options)), ...flags].join(' ')}`;
  const line = (module: string, options: Record<string, unknown>, ...flags: string[]) =>
    call(module, { agent_dir: agentDir, api_url: url, ...options }, ...flags);
  const desired = { system_groups: ['web'], users: ['ada'] };
  const asAdmin = (path: string, ...words: string[]) =>
    `  ${['curl -s -H', quoted(`x-api-key: ${apiKey}`), ...words, quoted(url + path)].join(' ')}`;
  const search = { filter: [{ username: 'ada' }], fields: 'username email' };
  const asJson = ['-H', quoted('content-type: application/json')];
  const width = Math.max(...objects.map(({ name }) => name.length));
  return [
    "JumpCloud's System Context API, emulated on this machine alone. Ctrl-C ends it.",
    '',
    `  api_url    ${url}`,
    ...hosts.flatMap((host, i) => [
      `  agent_dir  ${host.agentDir}`,
      `  system_id  ${host.systemId}  a throwaway host${i > 0 ? ', as bare as it came' : ''}`,
    ]),
    `  api_key    ${apiKey}  an administrator's, for names`,
    '',
    hosts.length === 1 ? 'Its organisation has:' : 'Their organisation has, seen from the first:',
    ...objects.map(({ type, id, name, standing }) =>
      `  ${type.padEnd(13)} ${id}  ${name.padEnd(width)}  ${standing}`.trimEnd(),
    ),
    '',
    'To try, in another terminal in the folder of this project (npm run build makes dist/):',
    line('jumpcloud_system_info', {}),
    line('jumpcloud_system', { display_name: 'web-1' }, '--check', '--diff'),
    line('jumpcloud_system', { display_name: 'web-1' }),
    line('jumpcloud_group_membership', { groups: [free('system_group')] }),
    line('jumpcloud_user_binding', { users: [{ id: free('user'), sudo: true }] }),
    line('jumpcloud_association', { type: 'command', ids: [free('command')] }),
    line('jumpcloud_removal', { system_id: systemId }, '--check'),
    '',
    'Which id has which name, as an administrator finds out:',
    call('jumpcloud_names', { api_url: url, api_key: apiKey, ...desired }),
    asAdmin('/api/v2/systemgroups?filter=name:eq:web'),
    asAdmin('/api/search/systemusers', ...asJson, '-d', quoted(JSON.stringify(search))),
    '',
    'Requests:',
  ].join('\n');
}

/** A word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
