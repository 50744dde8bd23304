import { describe, expect } from 'vitest';
import { addSampleObjects } from '../emulator/sample-objects.ts';
import { callInProcess, moduleNamed } from '../harness/call-in-process.ts';
import {
  executablePath,
  HOST_MODULE_NAMES,
  MODULE_NAMES,
  type ModuleName,
} from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';
import { callsWithAllFields, sampleCallsOf } from '../harness/sample-calls.ts';
import { quoteForShell, runOnTerminal } from '../terminal.ts';

/** Calls a module on a terminal, with a variable assignment such as `NO_COLOR=1`. */
function callOnTerminal(
  module: ModuleName,
  options: Record<string, unknown>,
  { flags = '', environment = 'NO_COLOR=1', columns = 80 } = {},
) {
  const words = [
    environment,
    executablePath(module),
    flags,
    quoteForShell(JSON.stringify(options)),
  ];
  return runOnTerminal(words.join(' '), columns);
}

describe.concurrent('a module called on a terminal', () => {
  test('check mode on a terminal prints the diff, the report and warnings even without --diff', async ({
    host,
    emulator,
  }) => {
    const [group, user] = [emulator.store.addGroup(), emulator.store.addUser()];
    emulator.store.associate(host.systemId, 'user', user, {
      sudo: { enabled: true, withoutPassword: false },
    });
    const options = {
      ...host.options,
      names: { system_group: { web: group }, user: { ada: user } },
      system: { display_name: 'web-1' },
      groups: ['web'],
      users: ['ada'],
      exclusive: ['users'],
    };
    const { output, exitCode } = await callOnTerminal('jumpcloud_host', options, {
      flags: '--check --detailed-exitcode',
    });
    expect(exitCode).toBe(2);
    const [summary, diff, settings, groups, users, warning] = output.split('\n\n');
    expect(summary).toBe(
      'jumpcloud_host: would change. Would change system: display_name; groups: 1\n  added.',
    );
    expect(diff?.split('\n')).toEqual([
      ...['--- before: system', '+++ after: system', '@@ -1,1 +1,1 @@'],
      ...['-display_name: ip-10-0-0-7', '+display_name: web-1'],
      ...['--- before: groups', '+++ after: groups', '@@ -1,1 +1,1 @@'],
      ...['-[]', `+- web (${group})`],
    ]);
    expect(settings).toMatch(/^system\n {2}display_name +web-1\n/);
    expect(groups).toBe(`groups (1)\n  +  web  ${group}`);
    expect(users).toBe(`users (1)\n  ada  ${user}  sudo`);
    expect(warning).toMatch(/^warning: User ada \(.*\) keeps sudo, because/);
  });

  test('a failed run prints its changes, the error and a hint', async ({ host, emulator }) => {
    const [web, laptops] = [emulator.store.addGroup(), emulator.store.addGroup()];
    emulator.faults.add({
      fault: { kind: 'status', status: 403, text: '{"message":"not \\u001b[31mallowed"}' },
      when: ({ method, url }) => method === 'POST' && url.includes(laptops),
    });
    const options = { ...host.options, groups: [web, laptops] };
    const { output, exitCode } = await callOnTerminal('jumpcloud_group_membership', options, {
      columns: 200,
    });
    expect(exitCode).toBe(1);
    expect(output.split('\n')).toEqual([
      'jumpcloud_group_membership: failed after changes (rejected)',
      ...['', 'groups (1)', `  +  ${web}`, ''],
      `error: Could not join system group ${laptops}: JumpCloud answered 403 Forbidden: "not \\u001b[31mallowed".`,
      expect.stringMatching(/^hint: .*dynamic group/),
      ...[expect.stringMatching(/^ {2}\S/), ''],
    ]);
  });

  test('five invalid options are printed on five lines, and module_args is not printed', async ({
    host,
  }) => {
    const options = {
      ...host.options,
      ...{ displayname: 'x', timeout: 'abc', attributes: [], primary_user: 'ada' },
      ...{ allow_ssh_root_login: 'maybe' },
    };
    const { output } = await callOnTerminal('jumpcloud_system', options);
    expect(output).toMatch(
      /\nerror: 5 problems in the options:\n {2}- displayname: is not an option; did you mean display_name\?\n/,
    );
    expect(output.match(/^ {2}- /gm)).toHaveLength(5);
    expect(output).not.toContain(host.agentDir);
  });

  test('jumpcloud_system_info prints a report on a terminal', async ({ host }) => {
    const { output } = await callOnTerminal('jumpcloud_system_info', host.options);
    const titles = output.split('\n\n').map((block) => block.split('\n')[0]);
    expect(titles).toEqual([
      `jumpcloud_system_info: ok. This host is system ${host.systemId}.`,
      ...['enrolled  true', 'record', 'settings', 'groups (0)', 'users (0)'],
      ...['command', 'policy', 'policy group', 'user group'].map(
        (type) => `${type} associations (0)`,
      ),
      'agent',
    ]);
  });

  test.for([
    ['', '\x1b[32mok\x1b[0m'],
    ['NO_COLOR=1', 'ok'],
    ['TERM=dumb', 'ok'],
  ] as const)(
    'with the variable "%s", a run prints the outcome as %j',
    async ([variable, outcome], { host }) => {
      const { output } = await callOnTerminal('jumpcloud_system', host.options, {
        environment: `env -u NO_COLOR TERM=xterm ${variable}`,
      });
      expect(output).toMatch(/^\S+ .*\. Nothing to change\.\n/);
      expect(output.startsWith(`jumpcloud_system: ${outcome}. `)).toBe(true);
    },
  );

  test.each([
    ['an unknown flag', '--bogus', '{}'],
    ['an unreadable file', '', '/nonexistent.json'],
    ['text that is not JSON', '', '{'],
  ])(
    'a call with %s reports the error as text on a terminal, and as JSON with --json',
    async (_, flags, argument) => {
      const call = `${executablePath('jumpcloud_host')} ${flags} ${quoteForShell(argument)}`;
      const { output } = await runOnTerminal(`NO_COLOR=1 ${call}`);
      expect(output).toMatch(/^jumpcloud_host: failed \(invalid_arguments\)\n\nerror: /);
      const { output: json } = await runOnTerminal(`${call} --json`);
      expect(JSON.parse(json)).toMatchObject({ error: { code: 'invalid_arguments' } });
    },
  );

  test('a secret in an answer stays masked across a line break', async ({ host, emulator }) => {
    const api_key = emulator.store.addApiKey();
    emulator.faults.add({
      fault: { kind: 'status', status: 400, text: JSON.stringify({ message: `a ${api_key}` }) },
      when: ({ url }) => url.includes('systemusers'),
    });
    const options = { api_key, api_url: host.options.api_url, users: ['ada'] };
    const { output } = await callOnTerminal('jumpcloud_names', options, { columns: 30 });
    expect(output).toContain('********');
    expect(output.replace(/\s/g, '')).not.toContain(api_key);
  });
});

describe.concurrent.each(MODULE_NAMES)('%s', (name) => {
  test(`${name} prints neither "[object" nor "undefined" on a terminal`, async ({ startWith }) => {
    // This test has its own emulator, because jumpcloud_names fails if two groups have the same
    // name.
    const emulator = await startWith();
    const { store, url: api_url } = emulator;
    const { agentDir: agent_dir, systemId } = await emulator.enrol();
    addSampleObjects(store, systemId);
    store.addRecord({ active: false, lastContact: '2020-01-01T00:00:00.000Z' });
    const connection = HOST_MODULE_NAMES.includes(name)
      ? { agent_dir, api_url }
      : { api_key: store.addApiKey(), api_url };
    const { good, bad } = sampleCallsOf(name);
    const calls = [bad, ...callsWithAllFields(name, (type) => store.addNamed(type, type)), good];
    for (const options of calls) {
      for (const flags of [['--check'], []]) {
        const words = [JSON.stringify({ ...connection, ...options }), ...flags];
        const io = { isTerminal: async () => true };
        const { text } = await callInProcess(moduleNamed(name), words, io);
        expect(text).not.toMatch(/\[object|undefined/);
      }
    }
  });
});
