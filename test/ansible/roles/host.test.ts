import { afterEach, describe, expect } from 'vitest';
import { stringify } from 'yaml';
import type { Emulator, EnrolledHost } from '../../emulator/emulator.ts';
import { type Controller, hasAnsible } from '../../harness/ansible/controller.ts';
import { testWithPipelining as test } from '../../harness/ansible/fixture.ts';

const ACTION_GROUP = 'group/systemcontext.jumpcloud.all';
const HOSTS = ['web-1', 'web-2', 'db-1'] as const;
type Host = (typeof HOSTS)[number];

describe.runIf(hasAnsible)('the role host', { timeout: 240_000 }, () => {
  let controller: Controller;
  let emulator: Emulator;
  let apiKey: string;
  let ids: Record<
    'web' | 'db' | 'odd' | 'ada' | 'bob' | 'team' | 'lock' | 'base' | 'patch',
    string
  >;
  let hosts: Record<Host, EnrolledHost>;

  test.beforeEach(async ({ controller: ansible, startWith }) => {
    controller = ansible;
    emulator = await startWith();
    const { store } = emulator;
    apiKey = store.addApiKey();
    ids = {
      web: store.addNamed('system_group', 'web'),
      db: store.addNamed('system_group', 'db'),
      odd: store.addNamed('system_group', 'odd, and "quoted"'),
      ada: store.addNamed('user', 'ada'),
      bob: store.addNamed('user', { name: 'bob', email: 'bob@example.com' }),
      team: store.addNamed('user_group', 'team'),
      lock: store.addNamed('policy', 'lock'),
      base: store.addNamed('policy_group', 'base'),
      patch: store.addNamed('command', 'patch'),
    };
    const enrolled = await Promise.all(HOSTS.map(() => controller.enrol(emulator)));
    hosts = Object.fromEntries(HOSTS.map((name, i) => [name, enrolled[i]])) as typeof hosts;
    emulator.clearRequests();
  });
  afterEach(async () => {
    for (const { agentDir } of Object.values(hosts)) await controller.shell(`rm -rf ${agentDir}`);
  });

  const run = async (
    variables: Partial<Record<Host, object>>,
    flags: readonly string[] = [],
    env: Record<string, string> = { JUMPCLOUD_API_KEY: apiKey },
    play: object = {},
  ) => {
    const inventory = {
      all: {
        vars: { ansible_connection: 'local' },
        hosts: Object.fromEntries(
          Object.entries(variables).map(([name, vars]) => [
            name,
            { ...vars, own_agent_dir: hosts[name as Host].agentDir },
          ]),
        ),
      },
    };
    const whole = {
      hosts: 'all',
      gather_facts: false,
      module_defaults: {
        [ACTION_GROUP]: { api_url: emulator.url, agent_dir: '{{ own_agent_dir }}' },
        'systemcontext.jumpcloud.jumpcloud_names': { api_url: emulator.url },
      },
      roles: ['systemcontext.jumpcloud.host'],
      ...play,
    };
    return controller.playbook(await controller.put('host/play.yml', stringify([whole])), {
      flags: ['-i', await controller.put('host/hosts.yml', stringify(inventory)), ...flags],
      env,
    });
  };
  const lookups = () => emulator.requests.filter((request) => request.apiKey !== undefined);
  const writes = () => emulator.requests.filter(({ method, signed }) => signed && method !== 'GET');

  test('misspelt variables are reported together, with suggestions, before any request', async () => {
    const { output, recaps } = await run({
      'web-1': { jumpcloud_host_goups: ['web'], jumpcloud_host_apikey: 'x', jumpcloud_host_zzz: 1 },
    });
    expect(recaps['web-1'], output).toMatchObject({ failed: 1, changed: 0 });
    expect(output).toContain(
      'no variable jumpcloud_host_apikey; did you mean jumpcloud_host_api_key?',
    );
    expect(output).toContain(
      'no variable jumpcloud_host_goups; did you mean jumpcloud_host_groups?',
    );
    expect(output).toMatch(/no variable jumpcloud_host_zzz; it has jumpcloud_host_agent_dir, /);
    expect(emulator.requests).toEqual([]);
  });

  test('sections that refer to objects by name are applied, and each name is looked up once', async () => {
    const hostVars = {
      'web-1': {
        jumpcloud_host_system: { display_name: 'web-1', primary_user: 'bob' },
        jumpcloud_host_groups: ['web', 'odd, and "quoted"'],
        jumpcloud_host_users: [{ id: 'ada', sudo: true }, 'bob@example.com', ids.bob].slice(0, 2),
        jumpcloud_host_user_groups: [{ name: 'team' }],
        jumpcloud_host_policies: ['lock'],
        jumpcloud_host_policy_groups: ['base'],
        jumpcloud_host_commands: ['patch'],
      },
      'web-2': { jumpcloud_host_groups: ['web'] },
      'db-1': {
        jumpcloud_host_groups: [ids.db],
        jumpcloud_host_exclusive: ['groups'],
        jumpcloud_host_keep: { groups: ['web'] },
      },
    };
    emulator.store.join(hosts['db-1'].systemId, ids.web);
    emulator.store.join(hosts['db-1'].systemId, ids.odd);
    const check = await run(hostVars, ['--check', '--diff']);
    for (const name of HOSTS)
      expect(check.recaps[name], check.output).toMatchObject({ changed: 1, failed: 0 });
    expect(writes()).toEqual([]);
    emulator.clearRequests();

    const first = await run(hostVars, ['-vvv']);
    for (const name of HOSTS)
      expect(first.recaps[name], first.output).toMatchObject({ changed: 1, failed: 0 });
    expect(first.output).not.toContain(apiKey);
    const { store } = emulator;
    const groupsOf = (name: Host) => store.groupsOf(hosts[name].systemId).sort();
    expect(groupsOf('web-1')).toEqual([ids.web, ids.odd].sort());
    expect(groupsOf('web-2')).toEqual([ids.web]);
    expect(groupsOf('db-1')).toEqual([ids.db, ids.web].sort());
    const edge = (
      type: 'user' | 'user_group' | 'policy' | 'policy_group' | 'command',
      id: string,
    ) => store.hasEdge(hosts['web-1'].systemId, type, id);
    expect([edge('user', ids.ada), edge('user', ids.bob)]).toEqual([true, true]);
    expect([edge('user_group', ids.team), edge('policy', ids.lock)]).toEqual([true, true]);
    expect([edge('policy_group', ids.base), edge('command', ids.patch)]).toEqual([true, true]);
    const requested = lookups().map(({ url, body }) => `${url} ${JSON.stringify(body)}`);
    expect(requested.filter((one) => one.includes('systemgroups')).length).toBe(2);
    expect(new Set(requested).size).toBe(requested.length);

    emulator.clearRequests();
    const second = await run(hostVars);
    for (const name of HOSTS)
      expect(second.recaps[name], second.output).toMatchObject({ changed: 0, failed: 0 });
    expect(writes()).toEqual([]);
  });

  test('sections that refer to objects only by id need no API key and no lookup', async () => {
    const hostVars = {
      'web-1': { jumpcloud_host_groups: [ids.web], jumpcloud_host_users: [{ id: ids.ada }] },
    };
    const { recaps, output } = await run(hostVars, [], {});
    expect(recaps['web-1'], output).toMatchObject({ changed: 1, failed: 0 });
    expect(lookups()).toEqual([]);
  });

  test('jumpcloud_host_names resolves names without a look-up', async () => {
    const known = { jumpcloud_host_names: { system_group: { web: ids.web } } };
    const { recaps, output } = await run(
      { 'web-1': { jumpcloud_host_groups: ['web'], ...known } },
      [],
      {},
    );
    expect(recaps['web-1'], output).toMatchObject({ changed: 1, failed: 0 });
    expect(emulator.store.groupsOf(hosts['web-1'].systemId)).toEqual([ids.web]);
    expect(lookups()).toEqual([]);
  });

  test('lists and mappings are accepted as text, as ansible-playbook -e and INI inventories give them', async () => {
    const { recaps, output } = await run({
      'web-1': {
        jumpcloud_host_groups: 'web, db',
        jumpcloud_host_users: '[{"name": "ada"}, "bob@example.com"]',
        jumpcloud_host_user_groups: 'team',
        jumpcloud_host_exclusive: 'groups',
        jumpcloud_host_keep: '{"groups": ["odd, and \\"quoted\\""]}',
        jumpcloud_host_system: '{"primary_user": "bob"}',
      },
    });
    expect(recaps['web-1'], output).toMatchObject({ changed: 1, failed: 0 });
    const { store } = emulator;
    const { systemId } = hosts['web-1'];
    expect(store.groupsOf(systemId).sort()).toEqual([ids.web, ids.db].sort());
    expect(store.hasEdge(systemId, 'user', ids.ada)).toBe(true);
    expect(store.hasEdge(systemId, 'user', ids.bob)).toBe(true);
    expect(store.hasEdge(systemId, 'user_group', ids.team)).toBe(true);
  });

  test('the options that all modules have can be set as variables, with or without module_defaults', async () => {
    const groups = { jumpcloud_host_groups: ['web'] };
    const wrongId = { ...groups, jumpcloud_host_system_id: ids.ada };
    const beside = await run({ 'web-1': wrongId, 'web-2': groups });
    expect(beside.recaps['web-1'], beside.output).toMatchObject({ changed: 0, failed: 1 });
    expect(beside.recaps['web-2'], beside.output).toMatchObject({ changed: 1, failed: 0 });
    expect(beside.output).toContain(
      `this host is system ${hosts['web-1'].systemId}, not ${ids.ada}`,
    );

    const variables = {
      ...groups,
      jumpcloud_host_agent_dir: '{{ own_agent_dir }}',
      jumpcloud_host_api_url: emulator.url,
      jumpcloud_host_timeout: 9.5,
      jumpcloud_host_region: 'eu',
    };
    const env = { JUMPCLOUD_API_KEY: apiKey };
    const alone = { module_defaults: {} };
    const first = await run({ 'web-1': variables }, [], env, alone);
    expect(first.recaps['web-1'], first.output).toMatchObject({ changed: 1, failed: 0 });
    expect(emulator.store.groupsOf(hosts['web-1'].systemId)).toEqual([ids.web]);
    const absent = { ...variables, jumpcloud_host_state: 'absent' };
    const last = await run({ 'web-1': absent }, [], env, alone);
    expect(last.recaps['web-1'], last.output).toMatchObject({ changed: 1, failed: 0 });
    expect(emulator.store.systems.has(hosts['web-1'].systemId)).toBe(false);
  });

  test('references to facts are expanded on the host, and a group is found by its expanded name', async () => {
    const { recaps, output } = await run({
      'web-1': {
        jumpcloud_host_expand_facts: 'yes',
        jumpcloud_host_groups: ['{env.NO_ROLE|db}', 'web'],
        jumpcloud_host_system: { display_name: 'in {env.NO_ZONE|lab}' },
      },
    });
    expect(recaps['web-1'], output).toMatchObject({ changed: 1, failed: 0 });
    const { systemId } = hosts['web-1'];
    expect(emulator.store.groupsOf(systemId).sort()).toEqual([ids.db, ids.web].sort());
    expect(emulator.store.systems.get(systemId)?.record).toMatchObject({ displayName: 'in lab' });
  });

  test('parameters of the role apply to every host', async () => {
    const role = {
      role: 'systemcontext.jumpcloud.host',
      jumpcloud_host_groups: ["{{ inventory_hostname.split('-')[0] }}"],
      jumpcloud_host_api_key: apiKey,
    };
    const { recaps, output } = await run(
      { 'web-1': {}, 'db-1': {} },
      ['-vvv'],
      {},
      { roles: [role] },
    );
    expect(recaps['db-1'], output).toMatchObject({ changed: 1, failed: 0 });
    expect(recaps['web-1'], output).toMatchObject({ changed: 1, failed: 0 });
    expect(emulator.store.groupsOf(hosts['db-1'].systemId)).toEqual([ids.db]);
    expect(output).not.toContain(apiKey);
  });

  test('an unknown name fails before anything is written', async () => {
    const { recaps, output } = await run({
      'web-1': { jumpcloud_host_groups: ['wbe'] },
      'web-2': { jumpcloud_host_groups: ['web'] },
    });
    expect(recaps['web-1'], output).toMatchObject({ changed: 0, failed: 1 });
    expect(output).toContain('wbe');
    expect(writes()).toEqual([]);
  });

  test('`jumpcloud_host_state: absent` removes a host, and does not affect other hosts of the play', async () => {
    const hostVars = {
      'web-1': { jumpcloud_host_state: 'absent', jumpcloud_host_groups: ['no such group'] },
      'web-2': { jumpcloud_host_groups: ['web'] },
    };
    const check = await run(hostVars, ['--check']);
    expect(check.recaps['web-1'], check.output).toMatchObject({ changed: 1, failed: 0 });
    expect(emulator.store.systems.has(hosts['web-1'].systemId)).toBe(true);
    const first = await run(hostVars);
    expect(first.recaps['web-1'], first.output).toMatchObject({ changed: 1, failed: 0 });
    expect(first.recaps['web-2'], first.output).toMatchObject({ changed: 1, failed: 0 });
    expect(emulator.store.systems.has(hosts['web-1'].systemId)).toBe(false);
    const second = await run(hostVars);
    expect(second.recaps['web-1'], second.output).toMatchObject({ changed: 0, failed: 0 });
    expect(second.recaps['web-2'], second.output).toMatchObject({ changed: 0, failed: 0 });
  });

  test("`jumpcloud_host_state: absent` with jumpcloud_host_purge_identity deletes the agent's key", async () => {
    const purge = { jumpcloud_host_state: 'absent', jumpcloud_host_purge_identity: true };
    const { recaps, output } = await run({ 'web-1': purge });
    expect(recaps['web-1'], output).toMatchObject({ changed: 1, failed: 0 });
    const files = await controller.shell(`ls ${hosts['web-1'].agentDir}`);
    expect(files).not.toContain('client.key');
  });

  test('an invalid jumpcloud_host_state is refused without any request', async () => {
    const { recaps, output } = await run({ 'web-1': { jumpcloud_host_state: 'gone' } });
    expect(recaps['web-1'], output).toMatchObject({ changed: 0, failed: 1 });
    expect(output).toMatch(/jumpcloud_host_state must be one of/);
    expect(emulator.requests).toEqual([]);
  });
});
