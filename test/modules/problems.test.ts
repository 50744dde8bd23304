import { describe, expect } from 'vitest';
import type { ModuleName } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

const ID = '0123456789abcdef01234567';
const OTHER = 'abcdef0123456789abcdef01';

type Row = [
  module: ModuleName,
  options: Record<string, unknown>,
  problems: [option: string, message: RegExp][],
];

describe('every place that is wrong is a problem of its own', () => {
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
        ['users', /^item 3: id is required$/],
      ],
    ],
    [
      'jumpcloud_user_binding',
      { users: [ID, ID, ID, OTHER, { id: OTHER.toUpperCase() }] },
      [
        ['users', new RegExp(`^user ${ID} is named twice$`)],
        ['users', new RegExp(`^user ${OTHER} is named twice$`)],
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
      [['sudo_without_password', /^true needs sudo: true/]],
    ],
  ];
  test.for(rows)('%s %j', async ([module, options, problems], { host }) => {
    const { answer } = await host.run(module, options);
    expect(answer.error?.problems).toEqual(
      problems.map(([option, message]) => ({ option, message: expect.stringMatching(message) })),
    );
    expect(host.requests()).toEqual([]);
  });
});
