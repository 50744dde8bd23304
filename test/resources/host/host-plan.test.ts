import { expect } from 'vitest';
import { readOptions } from '../../../src/options/read-options.ts';
import { hostOptions } from '../../../src/resources/host/host-options.ts';
import { hostResource } from '../../../src/resources/host/host-resource.ts';
import { test as base } from '../../harness/fixture.ts';
import { inSession } from '../../harness/in-session.ts';

const A = '0123456789abcdef0123456a';
const B = '0123456789abcdef0123456b';
const NO_SUDO = { sudo: false, sudo_without_password: false };
const SUDO = { sudo: true, sudo_without_password: false };

/** Returns the resource for a document. Expects that this sends no request. */
const test = base.extend('resourceFor', ({ host }) => async (document: Record<string, unknown>) => {
  const read = await readOptions('jumpcloud_host', hostOptions, new Map(Object.entries(document)));
  const { values } = read;
  if (values === undefined) return expect.unreachable(JSON.stringify(read));
  const resource = await inSession(host.options, (session) => hostResource(session, values));
  expect(host.requests()).toEqual([]);
  return resource;
});

test('a plan lists the changes of the record first, then for each list of edges its additions, updates and removals', async ({
  resourceFor,
}) => {
  const resource = await resourceFor({
    commands: [A],
    groups: [A],
    users: [{ id: A, sudo: true }],
    system: { display_name: 'web-1', description: 'same' },
    exclusive: ['groups', 'users'],
  });
  const { changes, after } = resource.plan({
    system: { displayName: 'old', description: 'same' },
    edges: new Map([
      ['groups', new Map([[B, NO_SUDO]])],
      [
        'users',
        new Map([
          [A, NO_SUDO],
          [B, SUDO],
        ]),
      ],
      ['commands', new Map([[B, NO_SUDO]])],
    ]),
  });
  expect(
    changes.map(({ section, change }) =>
      section === 'system'
        ? [section, change.option]
        : [section, change.op, change.id, ...('sudo' in change ? [change.sudo] : [])],
    ),
  ).toEqual([
    ['system', 'display_name'],
    ['groups', 'add', A],
    ['groups', 'remove', B],
    ['users', 'update', A, SUDO],
    ['users', 'remove', B],
    ['commands', 'add', A],
  ]);
  expect(after.system).toEqual({ displayName: 'web-1', description: 'same' });
  expect(Object.fromEntries(after.edges)).toEqual({
    groups: new Map([[A, NO_SUDO]]),
    users: new Map([[A, SUDO]]),
    commands: new Map([
      [B, NO_SUDO],
      [A, NO_SUDO],
    ]),
  });
  // The predicted state needs no further change.
  expect(resource.plan(after).changes).toEqual([]);
});

test('a plan leaves out sections that the document does not name', async ({ resourceFor }) => {
  const resource = await resourceFor({ groups: [A] });
  const state = {
    system: { displayName: 'old' },
    edges: new Map([
      ['users', new Map([[B, SUDO]])],
      ['groups', new Map([[A, NO_SUDO]])],
    ] as const),
  };
  expect(resource.plan(state)).toEqual({
    changes: [],
    after: { system: undefined, edges: new Map([['groups', new Map([[A, NO_SUDO]])]]) },
  });
});

test('an exclusive list does not remove edges that the option `keep` lists', async ({
  resourceFor,
}) => {
  const resource = await resourceFor({ groups: [], exclusive: ['groups'], keep: { groups: [A] } });
  const edges = new Map([
    [
      'groups',
      new Map([
        [A, NO_SUDO],
        [B, NO_SUDO],
      ]),
    ],
  ] as const);
  const { changes } = resource.plan({ system: undefined, edges });
  expect(changes).toEqual([{ section: 'groups', change: { op: 'remove', id: B } }]);
});
