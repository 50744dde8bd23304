import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import type { Answer } from '../harness/answer.ts';
import { test } from '../harness/emulator-fixture.ts';
import { runInProcess } from '../harness/run-in-process.ts';
import { type EdgeHost, enrolEdgeHost, writesOf } from '../modules/edges/edge-host.ts';
import {
  COMMANDS,
  createTarget,
  createTargets,
  type DesiredState,
  type EdgeKind,
  GROUPS,
  optionsFor,
  USERS,
} from '../modules/edges/edge-kind.ts';

let emulator: Emulator;
let host: EdgeHost;
let user: string;

test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  host = await enrolEdgeHost(emulator, USERS);
  user = createTarget(emulator.store, USERS);
  host.addEdge(user);
});

function run(kind: EdgeKind, desired: readonly DesiredState[], rest: object = {}): Promise<Answer> {
  const connection = { agent_dir: host.agentDir, api_url: emulator.url };
  return runInProcess(kind.module, { ...connection, ...optionsFor(kind, desired), ...rest }, false);
}

/** Changes the next `times` answers to this host. */
const mangleAnswers = (change: (list: never) => unknown, times = 1) =>
  host.fault({ fault: { kind: 'mangle', change: (body) => change(body as never) }, times });

describe('readAssociations', () => {
  const NO_SUDO = { sudo: false, sudo_without_password: false };
  test.each<[name: string, edge: Record<string, unknown>, sudo: object]>([
    ['without attributes', {}, NO_SUDO],
    ['with null for attributes', { attributes: null }, NO_SUDO],
    ['with empty attributes', { attributes: {} }, NO_SUDO],
    ['with null for sudo', { attributes: { sudo: null } }, NO_SUDO],
    ['with an empty sudo', { attributes: { sudo: {} } }, NO_SUDO],
    [
      'with null for both flags',
      { attributes: { sudo: { enabled: null, withoutPassword: null } } },
      NO_SUDO,
    ],
    [
      'with sudo and null for withoutPassword',
      { attributes: { sudo: { enabled: true, withoutPassword: null } } },
      { ...NO_SUDO, sudo: true },
    ],
    [
      'with null for sudo and withoutPassword set',
      { attributes: { sudo: { enabled: null, withoutPassword: true } } },
      NO_SUDO,
    ],
    ['with other attributes', { attributes: { ldapGroups: [{ name: 'a' }] } }, NO_SUDO],
    ['with sudo', { attributes: { sudo: { enabled: true } } }, { ...NO_SUDO, sudo: true }],
    [
      'with sudo and withoutPassword set',
      { attributes: { sudo: { enabled: true, withoutPassword: true } } },
      { sudo: true, sudo_without_password: true },
    ],
    [
      'without sudo and with withoutPassword set',
      { attributes: { sudo: { enabled: false, withoutPassword: true } } },
      NO_SUDO,
    ],
  ])('an edge %s is read', async (_, edge, sudo) => {
    mangleAnswers(() => [{ to: { type: 'user', id: user }, ...edge }]);
    const answer = await run(USERS, [{ id: user }]);
    expect(answer).toMatchObject({ changed: false, users: [{ id: user, ...sudo }] });
  });

  test('an edge whose id is in upper case equals the desired edge', async () => {
    host.takeRequests();
    mangleAnswers(() => [{ to: { type: 'user', id: user.toUpperCase() }, attributes: null }]);
    const answer = await run(USERS, [{ id: user }], { exclusive: true });
    expect(answer).toMatchObject({ changed: false, users: [{ id: user }] });
    expect(writesOf(host.takeRequests())).toEqual([]);
  });
});

test('a list that is null is read as empty', async () => {
  mangleAnswers(() => null, 2);
  const answer = await run(USERS, [{ id: user }], { state: 'absent' });
  expect(answer).toMatchObject({ changed: false, users: [] });
});

describe('a user in a list without paths', () => {
  const stripped = (list: object[]) => list.map((entry) => ({ ...entry, paths: undefined }));
  const shapes: [name: string, change: (list: never) => unknown][] = [
    ['missing', stripped],
    ['null', (list: object[]) => list.map((entry) => ({ ...entry, paths: null }))],
    ['an empty list', (list: object[]) => list.map((entry) => ({ ...entry, paths: [] }))],
  ];

  test.each(shapes)(
    'a user whose paths are %s is reported with `direct: null`',
    async (_, change) => {
      mangleAnswers(change);
      const connection = { agent_dir: host.agentDir, api_url: emulator.url };
      const options = { ...connection, gather: ['users'] };
      const answer = await runInProcess('jumpcloud_system_info', options, false);
      expect(answer.failed, answer.msg).toBeUndefined();
      expect((answer['users'] as { id: string }[]).find(({ id }) => id === user)).toEqual({
        id: user,
        direct: null,
        sudo: false,
        sudo_without_password: false,
        paths: [],
      });
    },
  );

  test('removing a user binding warns about remaining access if the list shows the user without paths', async () => {
    const group = emulator.store.addUserGroup([user]);
    emulator.store.associate(host.systemId, 'user_group', group);
    const isUsers = ({ url }: { url: string }) => url.includes('/users?');
    host.fault({
      when: isUsers,
      fault: { kind: 'mangle', change: (list) => stripped(list as []) },
    });
    const answer = await run(USERS, [{ id: user }], { state: 'absent' });
    expect(answer).toMatchObject({ changed: true, removed: [user] });
    expect(answer.warnings).toEqual([
      expect.stringMatching(new RegExp(`^User ${user} may still have access to this host through`)),
    ]);
    emulator.store.dissociate(host.systemId, 'user_group', group);
    host.addEdge(user);
  });
});

describe('an invalid list', () => {
  const OTHER = '0123456789abcdef01234567';
  test.each<[name: string, change: (list: never) => unknown, message: RegExp]>([
    ['that is an object', () => ({}), /does not have the expected form/],
    ['that is text', () => 'none', /does not have the expected form/],
    ['with a null entry', () => [null], /^Could not read the user associations.* 0 does not have/],
    ['with an entry without an end', () => [{ attributes: null }], /0\.to does not have/],
    ['with an end without an id', () => [{ to: { type: 'user' } }], /0\.to\.id does not have/],
    ['with an invalid id', () => [{ to: { type: 'user', id: '../x' } }], /0\.to\.id does not have/],
    [
      'with an end of another type',
      () => [{ to: { type: 'command', id: OTHER } }],
      /lists a command among user associations/,
    ],
    [
      'with sudo that is text',
      () => [{ to: { type: 'user', id: OTHER }, attributes: { sudo: { enabled: 'yes' } } }],
      /0\.attributes\.sudo\.enabled does not have/,
    ],
  ])('a list %s fails before any write', async (_, change, message) => {
    host.takeRequests();
    mangleAnswers(change);
    const answer = await run(USERS, [], { exclusive: true });
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'unexpected_response' },
    });
    expect(answer.msg).toMatch(message);
    expect(writesOf(host.takeRequests())).toEqual([]);
  });

  test('a list that repeats a page fails after two requests', async () => {
    host.takeRequests();
    const ids = createTargets(emulator.store, GROUPS, 100);
    mangleAnswers(() => ids.map((id) => ({ type: 'system_group', id, paths: [] })), 5);
    const answer = await run(GROUPS, []);
    expect(answer).toMatchObject({ failed: true, error: { code: 'unexpected_response' } });
    expect(answer.msg).toMatch(/same page of system groups twice/);
    expect(host.takeRequests()).toHaveLength(2);
    emulator.faults.clear();
  });
});

describe('writeEdge', () => {
  test.each<[status: number, code: string, message: RegExp]>([
    [400, 'rejected', /JumpCloud answered 400 Bad Request: "injected"/],
    [401, 'unauthorized', /does not accept this host \(401\)/],
    [403, 'rejected', /blocked for suspected abuse/],
    [404, 'not_found', /answered that the object does not exist/],
    [418, 'rejected', /answered 418/],
    [422, 'rejected', /answered 422/],
  ])('a write that is refused with %i fails with %s', async (status, code, message) => {
    const id = createTarget(emulator.store, COMMANDS);
    host.fault({ when: ({ method }) => method === 'POST', fault: { kind: 'status', status } });
    const answer = await run(COMMANDS, [{ id }]);
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code, status } });
    expect(answer.msg).toMatch(message);
    expect(answer.msg).toContain(`add the association with command ${id}`);
  });

  test.each<[name: string, status: number, state: string]>([
    ['409 for a removal', 409, 'absent'],
    ['404 for an addition', 404, 'present'],
  ])('a write that is answered %s fails the run', async (_, status, state) => {
    const id = createTarget(emulator.store, GROUPS);
    if (state === 'absent') emulator.store.join(host.systemId, id);
    host.fault({ when: ({ method }) => method === 'POST', fault: { kind: 'status', status } });
    expect(await run(GROUPS, [{ id }], { state })).toMatchObject({ changed: false, failed: true });
    emulator.store.leave(host.systemId, id);
  });
});
