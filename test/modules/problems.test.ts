import { describe, expect } from 'vitest';
import { type ModuleName, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

const ID = '0123456789abcdef01234567';
const OTHER_ID = 'abcdef0123456789abcdef01';

type Row = [
  module: ModuleName,
  options: Record<string, unknown>,
  problems: [option: string, message: RegExp][],
];

describe('problems of single values', () => {
  const rows: Row[] = [
    [
      'jumpcloud_system',
      { attributes: { a: ['b'], '': 'c', d: 'x'.repeat(1025), e: 'fine' } },
      [
        ['attributes', /^a: expected text/],
        ['attributes', /^an attribute has an empty name$/],
        ['attributes', /^d: has 1025 characters/],
      ],
    ],
    [
      'jumpcloud_host',
      { system: { attributes: { a: ['b'], c: {} } } },
      [
        ['system.attributes', /^a: expected text/],
        ['system.attributes', /^c: expected text/],
      ],
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: 'x', sudo: 'maybe' }, { id: ID, foo: 1, bar: 2 }, { sudo: true }] },
      [
        ['users', /^item 1: expected an id/],
        ['users', /^item 1: sudo: expected true or false/],
        ['users', /^item 2: unknown key foo/],
        ['users', /^item 2: unknown key bar/],
        ['users', /^item 3: id or name is required$/],
      ],
    ],
    [
      'jumpcloud_host',
      { user_groups: [{ id: ID, name: 'ops' }, { name: OTHER_ID }, { name: 'ops' }] },
      [
        ['user_groups', /^item 1: has id and name; give one of the two$/],
        [
          'user_groups',
          /^item 3: name: expected an id \(24 hexadecimal digits\), got the text "ops"$/,
        ],
      ],
    ],
    [
      'jumpcloud_user_binding',
      { users: [ID, ID, ID, OTHER_ID, { id: OTHER_ID.toUpperCase() }] },
      [
        ['users', new RegExp(`^item 2: user ${ID} is listed twice$`)],
        ['users', new RegExp(`^item 3: user ${ID} is listed twice$`)],
        ['users', new RegExp(`^item 5: user ${OTHER_ID} is listed twice$`)],
      ],
    ],
    [
      'jumpcloud_group_membership',
      {
        groups: [],
        names: {
          system_group: { a: null, b: 'x', c: { id: 5 }, d: ID, e: {} },
          user: [],
          groups: {},
          users: {},
          command: null,
        },
      },
      [
        ['names', /^system_group: a: expected an id .* got null$/],
        ['names', /^system_group: b: expected an id .* got the text "x"$/],
        ['names', /^system_group: c: expected an id .* got the number 5$/],
        ['names', /^system_group: e: expected an id .* got a mapping without that key$/],
        ['names', /^user: expected a mapping of names to ids, got a list$/],
        ['names', /^the mapping: groups is not a kind of object/],
        ['names', /^the mapping: users is not a kind of object.*did you mean user\?$/],
      ],
    ],
    [
      'jumpcloud_association',
      { type: 'user_group', ids: [ID], state: 'absent', sudo: true, sudo_without_password: true },
      [
        ['sudo', /^cannot be used with state: absent$/],
        ['sudo_without_password', /^cannot be used with state: absent$/],
      ],
    ],
    [
      'jumpcloud_association',
      { type: 'user_group', ids: [ID], sudo_without_password: true },
      [['sudo_without_password', /^can be true only with sudo: true/]],
    ],
  ];
  test.for(rows)('%s reports each invalid value in %j', async (row, { host }) => {
    const [module, options, problems] = row;
    const { answer } = await host.run(module, options);
    expect(answer.error?.problems).toEqual(
      problems.map(([option, message]) => ({ option, message: expect.stringMatching(message) })),
    );
    expect(host.requests()).toEqual([]);
  });
});

describe('problems of values and of their combination', () => {
  const rows: Row[] = [
    [
      'jumpcloud_group_membership',
      { groups: [ID], state: 'absent', exclusive: true, timeout: 0 },
      [
        ['timeout', /^must be above zero/],
        ['exclusive', /^cannot be used with state: absent$/],
      ],
    ],
    [
      'jumpcloud_group_membership',
      { keep: ['x'] },
      [
        ['groups', /^is required$/],
        ['keep', /^item 1: expected an id/],
        ['keep', /^needs exclusive: true/],
      ],
    ],
    [
      'jumpcloud_user_binding',
      {
        users: [ID, { id: ID, sudo: 'maybe' }, { id: 'x', sudo_without_password: true }, ID, 'y'],
        exclusive: 'maybe',
        keep: [],
      },
      [
        ['users', new RegExp(`^item 2: user ${ID} is listed twice$`)],
        ['users', /^item 2: sudo: expected true or false/],
        ['users', /^item 3: expected an id/],
        ['users', new RegExp(`^item 4: user ${ID} is listed twice$`)],
        ['users', /^item 5: expected an id/],
        ['exclusive', /^expected true or false/],
        ['users', /^item 3: sudo_without_password: can be true only with sudo: true/],
      ],
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: 'x', sudo: 'maybe' }], state: 'absent' },
      [
        ['users', /^item 1: expected an id/],
        ['users', /^item 1: sudo: expected true or false/],
        ['users', /^item 1: sudo: cannot be used with state: absent$/],
      ],
    ],
    [
      'jumpcloud_user_binding',
      { users: [{ id: ID, sudo_without_password: true, sudo: 'maybe' }], state: 'gone' },
      [
        ['users', /^item 1: sudo: expected true or false/],
        ['state', /^expected one of present, absent/],
      ],
    ],
    [
      'jumpcloud_association',
      { type: 'command', ids: ['x'], sudo: 'maybe', state: 'absent', exclusive: true },
      [
        ['ids', /^item 1: expected an id/],
        ['sudo', /^expected true or false/],
        ['exclusive', /^cannot be used with state: absent$/],
        ['sudo', /^can be used only with type: user_group, not with command$/],
      ],
    ],
    [
      'jumpcloud_association',
      { type: 'comand', ids: ['patch'], sudo: true, names: { command: { patch: ID } } },
      [['type', /^expected one of command/]],
    ],
    [
      'jumpcloud_system',
      { attributes: [], purge_attributes: true, proxy: 'x', api_url: 'http://localhost:1' },
      [
        ['proxy', /^expected an http/],
        ['attributes', /^expected a mapping/],
        ['proxy', /^cannot be used with a plain http api_url/],
      ],
    ],
    [
      'jumpcloud_removal',
      { scope: 'associations', purge_identity: true, stop_agent: 'maybe' },
      [
        ['stop_agent', /^expected true or false/],
        ['purge_identity', /^cannot be used with scope: associations/],
      ],
    ],
    [
      'jumpcloud_host',
      {
        system: { settle: 'soon', purge_attributes: true },
        users: [{ id: 'x' }, { id: ID, sudo_without_password: true }],
        exclusive: ['system', 'policies'],
        keep: { groups: ['x'], policies: [ID] },
        timeout: 0,
      },
      [
        ['timeout', /^must be above zero/],
        ['system.settle', /^expected a number of seconds/],
        ['system.purge_attributes', /^needs the option attributes/],
        ['users', /^item 1: expected an id/],
        ['keep.groups', /^item 1: expected an id/],
        ['users', /^item 2: sudo_without_password: can be true only with sudo: true/],
        ['exclusive', /^system is not a list/],
        ['exclusive', /^the section policies is not given/],
        ['keep.groups', /^needs groups in exclusive/],
      ],
    ],
    [
      'jumpcloud_host',
      { exclusive: ['group', 'system'], keep: { groups: [] }, timeout: 0 },
      [
        ['timeout', /^must be above zero/],
        ['exclusive', /^item 1: expected one of/],
        ['', /^The document has no sections/],
        ['exclusive', /^system is not a list/],
      ],
    ],
    [
      'jumpcloud_host',
      { groups: ['web'], keep: { users: ['ann'] }, names: { user: [] } },
      [
        ['names', /^user: expected a mapping/],
        ['keep.users', /^needs users in exclusive/],
      ],
    ],
    [
      'jumpcloud_names',
      { region: 'mars' },
      [
        ['region', /^expected one of us/],
        ['', /^There is nothing to look up/],
        ['api_key', /^is required/],
      ],
    ],
  ];
  test.for(rows)('%s reports all problems of %j at once', async (row, { host }) => {
    const [module, options, problems] = row;
    const connection = module === 'jumpcloud_names' ? {} : host.options;
    const { answer } = await runModule(module, { ...connection, ...options });
    expect(answer.error?.problems).toEqual(
      problems.map(([option, message]) => ({ option, message: expect.stringMatching(message) })),
    );
    expect(host.requests()).toEqual([]);
  });
});

test('module_args shows valid parts of a value and masks invalid parts', async ({ host }) => {
  const { answer } = await host.run('jumpcloud_host', {
    system: { display_name: 'web', settle: 'geheim' },
    groups: [ID, 'geheim'],
    users: [OTHER_ID, { id: ID, sudo: 'geheim' }, { id: 'geheim', sudo: true }],
  });
  expect(answer['invocation']).toMatchObject({
    module_args: {
      system: { display_name: 'web', settle: '********' },
      groups: [ID, '********'],
      users: [{ id: OTHER_ID }, { id: ID, sudo: '********' }, { id: '********', sudo: true }],
    },
  });
});

describe('the message of a call with several problems', () => {
  const rows: [module: ModuleName, options: Record<string, unknown>, msg: RegExp][] = [
    [
      'jumpcloud_group_membership',
      { groups: [ID], state: 'absent', exclusive: true, timeout: 0, group: 1 },
      /did you mean groups\? timeout: must be above zero, got 0\. exclusive: cannot be used with state: absent\.$/,
    ],
    [
      'jumpcloud_group_membership',
      { groups: ['web', 'db'], keep: ['x'], exclusive: true },
      /^groups: item 1: expected an id [^.]*"web"\. System .* as the option "names"\. groups: item 2: [^.]*"db"\. keep: item 1: [^.]*"x"\.$/,
    ],
    [
      'jumpcloud_host',
      {
        system: { a: 1, settel: 2 },
        users: [
          { id: ID, foo: 1 },
          { id: OTHER_ID, bar: 2 },
        ],
      },
      /^system\.a: is not an option here\. Known options are [^.]*\. system\.settel: is not an option here; did you mean settle\? users: item 1: unknown key foo\. Known keys are id, name, sudo, sudo_without_password\. users: item 2: unknown key bar\.$/,
    ],
    [
      'jumpcloud_group_membership',
      { groups: [], names: { groups: {}, cloud: {} } },
      /^names: the mapping: groups is not a kind of object\. Known kinds are [^.]*\. names: the mapping: cloud is not a kind of object\.$/,
    ],
  ];
  test.for(rows)(
    '%s reports the problems of %j as sentences and gives each hint once',
    async ([module, options, msg], { host }) => {
      const { answer } = await host.run(module, options);
      expect(answer.msg).toMatch(msg);
      const problems = answer.error?.problems?.map(({ message }) => message) ?? [];
      expect(
        problems.filter((message) => /System Context|Known/.test(message)).length,
      ).toBeLessThan(3);
    },
  );
});
