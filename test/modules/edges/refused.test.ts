import { describe, expect } from 'vitest';
import type { Emulator } from '../../emulator/emulator.ts';
import { type Answer, runModule } from '../../harness/executable.ts';
import { test } from '../../harness/fixture.ts';

let emulator: Emulator;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});

/**
 * Enrols a host. The returned function `groups` runs jumpcloud_group_membership on the host and
 * returns the answer.
 */
async function enrolHost() {
  const host = await emulator.enrol();
  const groups = async (options: object, ...flags: string[]): Promise<Answer> => {
    const connection = { agent_dir: host.agentDir, api_url: emulator.url };
    const result = await runModule(
      'jumpcloud_group_membership',
      { ...connection, ...options },
      { flags },
    );
    return result.answer;
  };
  return { ...host, groups };
}

const DYNAMIC_HINT =
  /A dynamic group cannot be joined or left by hand.* name the group in the option keep/;

describe('a dynamic group', () => {
  test.each([400, 403, 204] as const)(
    'a run with the option `exclusive` fails if the host cannot leave a dynamic group (answer %i), unless `keep` lists the group',
    async (refusal) => {
      const { store } = emulator;
      const { systemId, groups, remove } = await enrolHost();
      const membershipMethod = 'DYNAMIC_AUTOMATED';
      const dynamic = store.addNamed('system_group', { name: 'linux', membershipMethod, refusal });
      const group = store.addGroup();
      store.join(systemId, dynamic);

      const desired = { groups: [group], exclusive: true };
      const failed = await groups(desired);
      expect(failed).toMatchObject({ changed: true, failed: true, added: [group] });
      expect(failed.error?.code).toBe(refusal === 204 ? 'not_applied' : 'rejected');
      expect(failed.msg).toMatch(DYNAMIC_HINT);
      expect(failed.msg).toContain(dynamic);

      const kept = { ...desired, keep: [dynamic] };
      for (const flags of [['--check'], [], []]) {
        const answer = await groups(kept, ...flags);
        expect(answer).toMatchObject({ changed: false, removed: [], warnings: [] });
        expect(answer['groups']).toEqual([dynamic, group].sort());
      }
      await remove();
    },
  );

  test('jumpcloud_host reports a refused group as possibly dynamic even if JumpCloud also refuses the settings', async () => {
    const host = await emulator.enrol();
    const [group, ignoredPolicy] = [emulator.store.addGroup(), emulator.store.add('policy')];
    emulator.faults.refuse(group, 403);
    emulator.faults.add({
      fault: { kind: 'status', status: 400, text: '{"message":"no such name"}' },
      when: ({ method, url }) => method === 'PUT' && url.includes(host.systemId),
    });
    emulator.faults.add({
      fault: { kind: 'ignored-write' },
      when: ({ method, body }) => method === 'POST' && Object(body).id === ignoredPolicy,
    });
    const connection = { agent_dir: host.agentDir, api_url: emulator.url, timeout: 2 };
    const document = { system: { display_name: 'x' }, groups: [group], policies: [ignoredPolicy] };
    const { answer } = await runModule('jumpcloud_host', { ...connection, ...document });
    emulator.faults.clear();
    expect(answer.error).toMatchObject({
      code: 'rejected',
      section: 'system',
      refused: [{ op: 'add', type: 'system_group', id: group }],
      missing: [{ op: 'add', id: ignoredPolicy }],
    });
    expect(answer.msg).toMatch(/no such name/);
    expect(answer.msg).toContain(`Also refused: add ${group}.`);
    expect(answer.msg).toContain(
      `JumpCloud accepted these changes, but does not show them: add ${ignoredPolicy}.`,
    );
    expect(answer.msg).toMatch(DYNAMIC_HINT);
  });

  test.each([400, 403, 204] as const)(
    'a run fails if the host cannot join a dynamic group (answer %i)',
    async (refusal) => {
      const membershipMethod = 'DYNAMIC_REVIEW_REQUIRED';
      const named = { name: 'linux', membershipMethod, refusal } as const;
      const dynamic = emulator.store.addNamed('system_group', named);
      const { groups, remove } = await enrolHost();
      const failed = await groups({ groups: [dynamic] });
      expect(failed).toMatchObject({ failed: true });
      expect(failed.error?.code).toBe(refusal === 204 ? 'not_applied' : 'rejected');
      expect(failed.msg).toMatch(DYNAMIC_HINT);
      await remove();
    },
  );
});

test.each([405, 410, 413])(
  'a group refused with %i is reported as possibly dynamic; the run still joins the other desired group',
  async (status) => {
    const { store, faults } = emulator;
    const { groups, remove } = await enrolHost();
    const [refused, other] = [store.addGroup(), store.addGroup()];
    faults.refuse(refused, status, { message: '' });
    const answer = await groups({ groups: [refused, other] });
    faults.clear();
    expect(answer).toMatchObject({
      failed: true,
      added: [other],
      error: { code: 'rejected', status },
    });
    expect(answer.error).toMatchObject({
      refused: [{ id: refused, status, message: expect.stringMatching(`^${status}`) }],
    });
    expect(answer.msg).toMatch(DYNAMIC_HINT);
    await remove();
  },
);

test('the option `keep` is refused without the option `exclusive`', async () => {
  const { groups, remove } = await enrolHost();
  const { error, msg } = await groups({ groups: [], keep: ['a'.repeat(24)] });
  expect(error).toMatchObject({ code: 'invalid_arguments' });
  expect(msg).toMatch(/^keep: needs exclusive: true/);
  await remove();
});

test('a run joins seven of ten groups and reports the three that JumpCloud refuses', async () => {
  const { store, faults } = emulator;
  const { systemId, groups, remove } = await enrolHost();
  const ids = Array.from({ length: 10 }, () => store.addGroup());
  const [first = '', second = '', third = ''] = [ids[2], ids[5], ids[9]];
  faults.refuse(first, 400, { message: 'is dynamic' });
  faults.refuse(second, 403, { message: 'is locked' });
  faults.refuse(third, 422, { message: 'is full' });
  emulator.clearRequests();

  const failed = await groups({ groups: ids });
  const refused = [first, second, third];
  const joined = ids.filter((id) => !refused.includes(id));
  expect(failed).toMatchObject({
    changed: true,
    failed: true,
    added: joined,
    removed: [],
    error: {
      code: 'rejected',
      status: 400,
      refused: [
        { op: 'add', type: 'system_group', id: first, status: 400, message: 'is dynamic' },
        { op: 'add', type: 'system_group', id: second, status: 403, message: 'is locked' },
        { op: 'add', type: 'system_group', id: third, status: 422, message: 'is full' },
      ],
    },
  });
  expect(failed.error).not.toHaveProperty('missing');
  expect(failed.msg).toContain(`2 more were refused: add ${second}, add ${third}.`);
  const requests = emulator.requests.map(({ method, status }) => `${method} ${status}`);
  // Parallel writes arrive in any order.
  const statuses = ids.map((id) => ({ [first]: 400, [second]: 403, [third]: 422 })[id] ?? 204);
  expect([requests.at(0), ...requests.slice(1, -1).sort(), requests.at(-1)]).toEqual([
    'GET 200',
    ...statuses.map((status) => `POST ${status}`).sort(),
    'GET 200',
  ]);
  expect(store.groupsOf(systemId).sort()).toEqual(joined.sort());

  faults.clear();
  const corrected = ids.filter((id) => id !== third);
  expect(await groups({ groups: corrected })).toMatchObject({
    changed: true,
    added: [first, second],
  });
  expect((await groups({ groups: corrected })).changed).toBe(false);
  await remove();
});

test.each([
  ['add', 409],
  ['remove', 404],
] as const)(
  'a write (%s) that has no effect and that JumpCloud answers with %i fails with not_applied',
  async (op, status) => {
    const { store, faults } = emulator;
    const { systemId, groups, remove } = await enrolHost();
    const id = store.addGroup();
    if (op === 'remove') store.join(systemId, id);
    faults.refuse(id, status);
    const state = op === 'add' ? 'present' : 'absent';
    const failed = await groups({ groups: [id], state, timeout: 2 });
    faults.clear();
    expect(failed).toMatchObject({ changed: false, error: { code: 'not_applied' } });
    expect(failed.msg).toContain(`${op} ${id}`);
    expect(failed.msg).not.toContain('accepted');
    await remove();
  },
);

test('a write that is not visible within the timeout fails with not_applied', async () => {
  const { store, faults } = emulator;
  const { groups, remove } = await enrolHost();
  const id = store.addGroup();
  faults.add({ fault: { kind: 'ignored-write' }, when: ({ method }) => method === 'POST' });
  const failed = await groups({ groups: [id], timeout: 1.5 });
  faults.clear();
  expect(failed).toMatchObject({ changed: true, groups: [], error: { code: 'not_applied' } });
  await remove();
});

test('a refused unbinding of a user causes no warning about remaining access', async () => {
  const { store, faults } = emulator;
  const host = await emulator.enrol();
  const user = store.addUser();
  store.associate(host.systemId, 'user', user);
  store.associate(host.systemId, 'user_group', store.addUserGroup([user]));
  faults.refuse(user, 403);
  const connection = { agent_dir: host.agentDir, api_url: emulator.url };
  for (const [module, options] of [
    ['jumpcloud_user_binding', { users: [user], state: 'absent' }],
    ['jumpcloud_host', { users: [], exclusive: ['users'] }],
  ] as const) {
    const { answer } = await runModule(module, { ...connection, ...options });
    expect(answer).toMatchObject({ error: { code: 'rejected' }, warnings: [] });
  }
  faults.clear();
});

test('a run succeeds if JumpCloud refuses an edge but then lists it', async () => {
  const { store, faults } = emulator;
  const { systemId, groups, remove } = await enrolHost();
  const id = store.addGroup();
  faults.add({
    fault: { kind: 'status', status: 400 },
    when: ({ method }) => {
      if (method === 'POST') store.join(systemId, id);
      return method === 'POST';
    },
  });
  expect(await groups({ groups: [id] })).toMatchObject({ changed: false, groups: [id] });
  await remove();
});

test('with the option `exclusive`, a run warns about a user who keeps sudo because the entry does not set `sudo`', async () => {
  const { store } = emulator;
  const host = await emulator.enrol();
  const [alice, bob] = [store.addUser(), store.addUser()];
  store.associate(host.systemId, 'user', alice, {
    sudo: { enabled: true, withoutPassword: false },
  });
  const users = async (desired: unknown[], exclusive = true) => {
    const connection = { agent_dir: host.agentDir, api_url: emulator.url };
    const options = { ...connection, users: desired, exclusive };
    return (await runModule('jumpcloud_user_binding', options)).answer;
  };
  const warned = await users([alice, bob]);
  expect(warned.warnings).toEqual([
    expect.stringMatching(new RegExp(`^User ${alice} keeps sudo, .* Set sudo: false`)),
  ]);
  expect((await users([alice, bob], false)).warnings).toEqual([]);
  expect((await users([{ id: alice, sudo: true }, bob])).warnings).toEqual([]);
  expect(await users([{ id: alice, sudo: false }, bob])).toMatchObject({
    updated: [alice],
    warnings: [],
  });
});
