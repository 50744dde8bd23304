import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { afterAll, describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { type Answer, executablePath, type ModuleName, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'names-'));
const latin1 = join(directory, 'latin1.json');
const fifo = join(directory, 'fifo');
const kmsg = join(directory, 'kmsg');
const large = join(directory, 'large.json');
let emulator: Emulator;
let host: EnrolledHost;
let names: Record<string, Record<string, unknown>>;
let ids: Record<'web' | 'db' | 'ada' | 'bob' | 'team' | 'patch' | 'lock' | 'base', string>;
test.beforeAll(({ emulator: shared }) => {
  writeFileSync(latin1, Buffer.from('{"user":{"zoë":"0123456789abcdef01234567"}}', 'latin1'));
  execaSync('mkfifo', [fifo]);
  symlinkSync('/proc/kmsg', kmsg);
  writeFileSync(large, ' '.repeat(16 * 1024 * 1024 + 1));
  emulator = shared;
  const { store } = emulator;
  ids = {
    web: store.addGroup(),
    db: store.addGroup(),
    ada: store.addUser(),
    bob: store.addUser(),
    team: store.addUserGroup(),
    patch: store.addObject('command'),
    lock: store.add('policy'),
    base: store.add('policy_group'),
  };
  names = {
    system_group: { web: ids.web, 'db, old': { id: ids.db, note: 'ignored' } },
    user: { ada: ids.ada, 'bob@example.com': ids.bob },
    user_group: { team: ids.team },
    command: { patch: ids.patch },
    policy: { lock: ids.lock },
    policy_group: { base: ids.base },
  };
});
test.beforeEach(({ host: own }) => {
  host = own;
  emulator.clearRequests();
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

async function run(module: ModuleName, options: object, ...flags: string[]): Promise<Answer> {
  const connection = { agent_dir: host.agentDir, api_url: emulator.url };
  return (await runModule(module, { ...connection, ...options }, { flags })).answer;
}

test('jumpcloud_host resolves names in every section and reports each resolved id with its name', async () => {
  const answer = await run(
    'jumpcloud_host',
    {
      names,
      system: { primary_user: 'ada' },
      groups: ['web', 'db, old'],
      users: [{ name: 'ada', sudo: true }, 'bob@example.com'],
      user_groups: [{ name: 'team' }],
      commands: ['patch'],
      policies: ['lock'],
      policy_groups: 'base',
      exclusive: ['groups'],
      keep: { groups: [ids.db] },
    },
    '--diff',
  );
  expect(answer).toMatchObject({
    changed: true,
    sections: {
      system: { settings: { primary_user: ids.ada } },
      groups: { added: [ids.web, ids.db] },
      users: { added: [ids.ada, ids.bob] },
    },
    diff: {
      after: {
        system: { primary_user: `ada (${ids.ada})` },
        groups: expect.arrayContaining([`web (${ids.web})`, `db, old (${ids.db})`]),
        users: expect.arrayContaining([
          { id: `ada (${ids.ada})`, sudo: true, sudo_without_password: false },
        ]),
      },
    },
    names: { [ids.web]: 'web', [ids.ada]: 'ada', [ids.base]: 'base' },
  });
  const document = { groups: ['web', 'db, old'], users: ['ada', ids.bob], names };
  expect(await run('jumpcloud_host', document)).toMatchObject({ changed: false });
});

test.each<[module: ModuleName, options: object, ids: () => string[]]>([
  [
    'jumpcloud_group_membership',
    { groups: ['web'], exclusive: true, keep: ['db, old'] },
    () => [ids.web],
  ],
  [
    'jumpcloud_user_binding',
    { users: [{ name: 'ada', id: null }, { id: 'bob@example.com' }] },
    () => [ids.ada, ids.bob],
  ],
  ['jumpcloud_association', { type: 'command', ids: ['patch'] }, () => [ids.patch]],
  ['jumpcloud_association', { type: 'user_group', ids: 'team' }, () => [ids.team]],
])('%s resolves the names in %j', async (module, options, added) => {
  const answer = await run(module, { ...options, names });
  expect(answer).toMatchObject({ changed: true, added: added() });
  expect(Object.keys(Object(answer['names'])).sort()).toEqual(added().sort());
});

test('names are read from a file, and module_args contains only used names', async () => {
  const path = join(directory, 'names.json');
  writeFileSync(path, JSON.stringify(names));
  const answer = await run('jumpcloud_group_membership', { groups: ['web'], names: path });
  expect(answer).toMatchObject({ changed: true, added: [ids.web] });
  const { module_args: args } = Object(answer['invocation']);
  expect(args).toMatchObject({ groups: [ids.web], names: { system_group: { web: ids.web } } });
  expect(Object.keys(args.names)).toEqual(['system_group']);
});

test('a file of names with a byte-order mark is accepted', async () => {
  const path = join(directory, 'marked.json');
  writeFileSync(path, `\ufeff${JSON.stringify(names)}`);
  const answer = await run('jumpcloud_group_membership', { groups: ['web'], names: path });
  expect(answer).toMatchObject({ changed: true, added: [ids.web] });
});

test('a run opens the file of names once', async () => {
  const path = join(directory, 'once.json');
  writeFileSync(path, JSON.stringify(names));
  const trace = join(directory, 'trace');
  const options = {
    agent_dir: host.agentDir,
    api_url: emulator.url,
    names: path,
    groups: ['web'],
    users: ['ada'],
  };
  const words = ['-f', '-e', 'trace=openat,open', '-o', trace, executablePath('jumpcloud_host')];
  const { stdout } = await execa('strace', [...words, JSON.stringify(options)]);
  expect(JSON.parse(stdout)).toMatchObject({ changed: true });
  expect(readFileSync(trace, 'utf8').split('once.json')).toHaveLength(2);
});

test('if the option `names` has the value null for a kind of object, the kind counts as missing', async () => {
  const partialNames = { system_group: { web: ids.web }, user: null };
  const answer = await run('jumpcloud_group_membership', { groups: ['web'], names: partialNames });
  expect(answer).toMatchObject({ changed: true, added: [ids.web] });
});

test('errors and warnings show the name of an object next to its id', async () => {
  emulator.faults.refuse(ids.web, 403);
  const failed = await run('jumpcloud_group_membership', { groups: ['web'], names });
  emulator.faults.clear();
  expect(failed.msg).toContain(`join system group web (${ids.web})`);
  expect(failed.error).toMatchObject({ refused: [{ id: ids.web }] });
  emulator.store.associate(host.systemId, 'user', ids.ada, {
    sudo: { enabled: true, withoutPassword: false },
  });
  const kept = await run('jumpcloud_user_binding', { users: ['ada'], exclusive: true, names });
  expect(kept.warnings.join()).toContain(`User ada (${ids.ada}) keeps sudo`);
});

test('an error about an option shows the name of an object next to its id', async () => {
  const {
    error,
    msg,
    names: named,
  } = await run('jumpcloud_user_binding', {
    users: [ids.ada, ids.ada, ids.bob],
    names,
  });
  expect(error?.problems).toEqual([
    { option: 'users', message: `item 2: user ada (${ids.ada}) is listed twice` },
  ]);
  expect(msg).toBe(`users: item 2: user ada (${ids.ada}) is listed twice`);
  expect(named).toEqual({ [ids.ada]: 'ada' });
});

test('no name is added to an id inside a quoted JumpCloud message', async () => {
  const said = `no ${ids.web}, "${ids.web}"`;
  const text = JSON.stringify({ message: said });
  emulator.faults.add({
    fault: { kind: 'status', status: 400, text },
    when: ({ method }) => method === 'POST',
  });
  const { error, msg } = await run('jumpcloud_group_membership', { groups: ['web'], names });
  emulator.faults.clear();
  expect(error).toMatchObject({ jumpcloud_message: said, refused: [{ message: said }] });
  expect(msg).toContain(`join system group web (${ids.web}): `);
  expect(msg).toContain(`"${said}"`);
});

describe('invalid names', () => {
  const invalid: [options: () => object, message: RegExp][] = [
    [
      () => ({ groups: ['wep'], names }),
      /^groups: item 1: the option "names" has no system group named "wep"; did you mean web\?$/,
    ],
    [() => ({ groups: ['Web'], names }), /did you mean web\?$/],
    [() => ({ groups: ['ada'], names }), /the option "names" has no system group named "ada"$/],
    [() => ({ groups: ['web'] }), /^groups: item 1: expected an id .*jumpcloud_names/],
    [
      () => ({ groups: [], names: { system_groups: {} } }),
      /^names: .*system_groups is not a kind of object.*did you mean system_group\?/,
    ],
    [
      () => ({ groups: [], names: { user: { ada: 'ada' } } }),
      /^names: user: ada: expected an id .* got the text "ada"$/,
    ],
    [() => ({ groups: [], names: { user: ['ada'] } }), /^names: user: expected a mapping/],
    [
      () => ({ groups: ['web', 'db'], names: 7 }),
      /^names: expected a mapping .* got the number 7$/,
    ],
    [() => ({ groups: [], names: '/none.json' }), /^names: \/none\.json cannot be read \(ENOENT\)/],
    [() => ({ groups: [], names: directory }), /^names: .* is not a regular file;/],
    [() => ({ groups: [], names: fifo }), /^names: .*fifo is not a regular file;/],
    [() => ({ groups: [], names: kmsg }), /^names: .*kmsg (is not|cannot be read \(E)/],
    [() => ({ groups: [], names: large }), /^names: .*large\.json is larger than 16 MiB;/],
    [
      () => ({ groups: [], names: { changed: false, names } }),
      /^names: the mapping is the whole result of jumpcloud_names; give only the value of its key "names"/,
    ],
    [() => ({ groups: [], names: latin1 }), /^names: .*latin1\.json is not UTF-8/],
    [() => ({ groups: [], names: '{"user":' }), /^names: the text is not JSON/],
  ];
  test.each(invalid.map(([options, message]) => ({ options, message })))(
    'a call with invalid names fails before any request: $message',
    async ({ options, message }) => {
      const answer = await run('jumpcloud_group_membership', options());
      expect(answer).toMatchObject({ failed: true, error: { code: 'invalid_arguments' } });
      expect(answer.msg).toMatch(message);
      expect(emulator.requests).toEqual([]);
    },
  );
});
