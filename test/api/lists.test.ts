import { describe, expect } from 'vitest';
import type { Emulator } from '../emulator/emulator.ts';
import type { Answer } from '../harness/answer.ts';
import { test } from '../harness/emulator-fixture.ts';
import { runInProcess } from '../harness/run-in-process.ts';
import { type EdgeHost, enrolFor, writesOf } from '../modules/edges/edge-host.ts';
import {
  asking,
  COMMANDS,
  type DesiredState,
  type EdgeKind,
  GROUPS,
  newTarget,
  newTargets,
  USERS,
} from '../modules/edges/edge-kind.ts';

let emulator: Emulator;
let host: EdgeHost;
let user: string;

test.beforeAll(async ({ emulator: shared }) => {
  emulator = shared;
  host = await enrolFor(emulator, USERS);
  user = newTarget(emulator.store, USERS);
  host.tie(user);
});

function run(kind: EdgeKind, desired: readonly DesiredState[], rest: object = {}): Promise<Answer> {
  const connection = { agent_dir: host.agentDir, api_url: emulator.url };
  return runInProcess(kind.module, { ...connection, ...asking(kind, desired), ...rest }, false);
}

/** The next list that is read comes changed. */
const mangle = (change: (list: never) => unknown, times = 1) =>
  host.fault({ fault: { kind: 'mangle', change: (body) => change(body as never) }, times });

describe('an edge in a list', () => {
  const NO = { sudo: false, sudo_without_password: false };
  test.each<[name: string, edge: Record<string, unknown>, sudo: object]>([
    ['without attributes', {}, NO],
    ['with null for attributes', { attributes: null }, NO],
    ['with empty attributes', { attributes: {} }, NO],
    ['with null for sudo', { attributes: { sudo: null } }, NO],
    ['with sudo that says nothing', { attributes: { sudo: {} } }, NO],
    [
      'with null for both flags',
      { attributes: { sudo: { enabled: null, withoutPassword: null } } },
      NO,
    ],
    [
      'with sudo, and null for whether it needs no password',
      { attributes: { sudo: { enabled: true, withoutPassword: null } } },
      { ...NO, sudo: true },
    ],
    [
      'with null for sudo, that would need no password',
      { attributes: { sudo: { enabled: null, withoutPassword: true } } },
      NO,
    ],
    ['with attributes of another kind', { attributes: { ldapGroups: [{ name: 'a' }] } }, NO],
    ['with sudo', { attributes: { sudo: { enabled: true } } }, { ...NO, sudo: true }],
    [
      'with sudo that needs no password',
      { attributes: { sudo: { enabled: true, withoutPassword: true } } },
      { sudo: true, sudo_without_password: true },
    ],
    [
      'without sudo, that would need no password',
      { attributes: { sudo: { enabled: false, withoutPassword: true } } },
      NO,
    ],
  ])('%s', async (_, edge, sudo) => {
    mangle(() => [{ to: { type: 'user', id: user }, ...edge }]);
    const answer = await run(USERS, [{ id: user }]);
    expect(answer).toMatchObject({ changed: false, users: [{ id: user, ...sudo }] });
  });

  test('with its id in capitals is the one asked for', async () => {
    host.takeRequests();
    mangle(() => [{ to: { type: 'user', id: user.toUpperCase() }, attributes: null }]);
    const answer = await run(USERS, [{ id: user }], { exclusive: true });
    expect(answer).toMatchObject({ changed: false, users: [{ id: user }] });
    expect(writesOf(host.takeRequests())).toEqual([]);
  });
});

test('a list that is null is empty', async () => {
  mangle(() => null, 2);
  const answer = await run(USERS, [{ id: user }], { state: 'absent' });
  expect(answer).toMatchObject({ changed: false, users: [] });
});

describe('a user whom JumpCloud lists without paths', () => {
  const stripped = (list: object[]) => list.map((entry) => ({ ...entry, paths: undefined }));
  const shapes: [name: string, change: (list: never) => unknown][] = [
    ['none', stripped],
    ['null', (list: object[]) => list.map((entry) => ({ ...entry, paths: null }))],
    ['an empty list', (list: object[]) => list.map((entry) => ({ ...entry, paths: [] }))],
  ];

  test.each(shapes)('is reported, and not whether directly bound (%s)', async (_, change) => {
    mangle(change);
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
  });

  test('is named in a warning when the direct binding was to be removed', async () => {
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
    host.tie(user);
  });
});

describe('a list that is none is refused before anything is written', () => {
  const OTHER = '0123456789abcdef01234567';
  test.each<[name: string, change: (list: never) => unknown, message: RegExp]>([
    ['an object', () => ({}), /is not of the expected form/],
    ['text', () => 'none', /is not of the expected form/],
    ['an entry that is null', () => [null], /^Could not read the user associations.* 0 is not of/],
    ['an entry without an end', () => [{ attributes: null }], /0\.to is not of/],
    ['an end without an id', () => [{ to: { type: 'user' } }], /0\.to\.id is not of/],
    ['an id that is none', () => [{ to: { type: 'user', id: '../x' } }], /0\.to\.id is not of/],
    [
      'an end of another type',
      () => [{ to: { type: 'command', id: OTHER } }],
      /lists a command among user associations/,
    ],
    [
      'sudo that is text',
      () => [{ to: { type: 'user', id: OTHER }, attributes: { sudo: { enabled: 'yes' } } }],
      /0\.attributes\.sudo\.enabled is not of/,
    ],
  ])('%s', async (_, change, message) => {
    host.takeRequests();
    mangle(change);
    const answer = await run(USERS, [], { exclusive: true });
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      error: { code: 'unexpected_response' },
    });
    expect(answer.msg).toMatch(message);
    expect(writesOf(host.takeRequests())).toEqual([]);
  });

  test('the same page again and again', async () => {
    host.takeRequests();
    const ids = newTargets(emulator.store, GROUPS, 100);
    mangle(() => ids.map((id) => ({ type: 'system_group', id, paths: [] })), 5);
    const answer = await run(GROUPS, []);
    expect(answer).toMatchObject({ failed: true, error: { code: 'unexpected_response' } });
    expect(answer.msg).toMatch(/same page of system groups again and again/);
    expect(host.takeRequests()).toHaveLength(2);
    emulator.faults.clear();
  });
});

describe('a write that is refused', () => {
  test.each<[status: number, code: string, message: RegExp]>([
    [400, 'rejected', /refused with 400 Bad Request: "injected"/],
    [401, 'unauthorized', /does not accept this host \(401\)/],
    [403, 'rejected', /blocked for suspected abuse/],
    [404, 'not_found', /says that it does not exist/],
    [418, 'rejected', /refused with 418/],
    [422, 'rejected', /refused with 422/],
  ])('with %i', async (status, code, message) => {
    const id = newTarget(emulator.store, COMMANDS);
    host.fault({ when: ({ method }) => method === 'POST', fault: { kind: 'status', status } });
    const answer = await run(COMMANDS, [{ id }]);
    expect(answer).toMatchObject({ changed: false, failed: true, error: { code, status } });
    expect(answer.msg).toMatch(message);
    expect(answer.msg).toContain(`add the association with command ${id}`);
  });

  test.each<[name: string, status: number, state: string]>([
    ['409 to a removal', 409, 'absent'],
    ['404 to an addition', 404, 'present'],
  ])('%s is no agreement', async (_, status, state) => {
    const id = newTarget(emulator.store, GROUPS);
    if (state === 'absent') emulator.store.join(host.systemId, id);
    host.fault({ when: ({ method }) => method === 'POST', fault: { kind: 'status', status } });
    expect(await run(GROUPS, [{ id }], { state })).toMatchObject({ changed: false, failed: true });
    emulator.store.leave(host.systemId, id);
  });
});
