import type { EnrolledHost } from './enrol.ts';
import type { SampleObject } from './sample-objects.ts';
import type { ServiceAccount } from './service-accounts.ts';

/** A started emulator with its sample hosts and objects. */
export interface StartedEmulator {
  readonly url: string;
  /** The enrolled hosts. `SampleObject.relation` describes the relation to the first one. */
  readonly hosts: readonly [EnrolledHost, ...EnrolledHost[]];
  /** The number of records of dead hosts. */
  readonly deadRecords: number;
  readonly objects: readonly SampleObject[];
  readonly apiKey: string;
  readonly serviceAccount: ServiceAccount;
  readonly tokenUrl: string;
}

/** Returns the text that introduces the emulator, with commands to paste. */
export function introduction(started: StartedEmulator): string {
  const { url, hosts, deadRecords, objects, apiKey, serviceAccount, tokenUrl } = started;
  const [{ agentDir, systemId }] = hosts;
  const [secret] = serviceAccount.secrets;
  const unrelated = (type: SampleObject['type']) =>
    objects.find((object) => object.type === type && object.relation === '')?.id;
  const call = (module: string, options: Record<string, unknown>, ...flags: string[]) =>
    `  ${[`dist/modules/${module}`, quoteForShell(JSON.stringify(options)), ...flags].join(' ')}`;
  const line = (module: string, options: Record<string, unknown>, ...flags: string[]) =>
    call(module, { agent_dir: agentDir, api_url: url, ...options }, ...flags);
  const desired = { system_groups: ['web'], users: ['ada'] };
  const curl = (path: string, ...words: string[]) =>
    `  ${['curl -s -H', quoteForShell(`x-api-key: ${apiKey}`), ...words, quoteForShell(url + path)].join(' ')}`;
  const stale = { api_url: url, api_key: apiKey, inactive_days: 30 };
  const search = { filter: [{ username: 'ada' }], fields: 'username email' };
  const asJson = ['-H', quoteForShell('content-type: application/json')];
  const width = Math.max(...objects.map(({ name }) => name.length));
  return [
    "JumpCloud's System Context API, emulated on this machine only. Press Ctrl-C to stop it.",
    '',
    `  api_url    ${url}`,
    ...hosts.flatMap((host, i) => [
      `  agent_dir  ${host.agentDir}`,
      `  system_id  ${host.systemId}  a throwaway host${i > 0 ? ', without any objects' : ''}`,
    ]),
    `  api_key    ${apiKey}  an administrator's API key, to look up names`,
    '',
    'A service account with a read-only role, which can look up names instead of the API key:',
    `  client_id      ${serviceAccount.clientId}`,
    `  client_secret  ${secret}`,
    `  token_url      ${tokenUrl}`,
    '',
    hosts.length === 1
      ? 'Objects of the organisation:'
      : 'Objects of the organisation, and their relation to the first host:',
    ...objects.map(({ type, id, name, relation }) =>
      `  ${type.padEnd(13)} ${id}  ${name.padEnd(width)}  ${relation}`.trimEnd(),
    ),
    '',
    'Commands to try in another terminal, in the project directory (npm run build makes dist/):',
    line('jumpcloud_system_info', {}),
    line('jumpcloud_system', { display_name: 'web-1' }, '--check', '--diff'),
    line('jumpcloud_system', { display_name: 'web-1' }),
    line('jumpcloud_group_membership', { groups: [unrelated('system_group')] }),
    line('jumpcloud_user_binding', { users: [{ id: unrelated('user'), sudo: true }] }),
    line('jumpcloud_association', { type: 'command', ids: [unrelated('command')] }),
    line('jumpcloud_removal', { system_id: systemId }, '--check'),
    '',
    'Commands with which an administrator looks up the ids of names:',
    call('jumpcloud_names', { api_url: url, api_key: apiKey, ...desired }),
    curl('/api/v2/systemgroups?filter=name:eq:web'),
    curl('/api/search/systemusers', ...asJson, '-d', quoteForShell(JSON.stringify(search))),
    '',
    ...(deadRecords === 0
      ? []
      : [
          `Commands with which an administrator reports and deletes ${deadRecords} records of dead hosts:`,
          call('jumpcloud_stale_systems', stale),
          call('jumpcloud_stale_systems', { ...stale, state: 'absent', max_percent: 100 }),
          '',
        ]),
    'Command with which an administrator deletes the host, so that modules fail with 401:',
    curl(`/api/systems/${systemId}`, '-X', 'DELETE'),
    '',
    'Requests:',
  ].join('\n');
}

/** Quotes a word for a shell. */
function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
