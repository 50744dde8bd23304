import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/emulator.ts';
import { type Answer, runModule } from '../../harness/executable.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

/** A host, and what it answers about its groups. */
async function enrolled() {
  const host = await emulator.enrol();
  const groups = async (options: object, ...flags: string[]): Promise<Answer> => {
    const place = { agent_dir: host.agentDir, api_url: emulator.url };
    const ran = await runModule('jumpcloud_group_membership', { ...place, ...options }, { flags });
    return ran.answer;
  };
  return { ...host, groups };
}

const RULE = /A group that JumpCloud fills by a rule .* name it in keep/;

describe('a dynamic group', () => {
  test.each([400, 403, 204] as const)('that a host is in, left by hand: %i', async (refusal) => {
    const { store } = emulator;
    const { systemId, groups, remove } = await enrolled();
    const membershipMethod = 'DYNAMIC_AUTOMATED';
    const dynamic = store.addNamed('system_group', { name: 'linux', membershipMethod, refusal });
    const wanted = store.addGroup();
    store.join(systemId, dynamic);

    const wish = { groups: [wanted], exclusive: true };
    const failed = await groups(wish);
    expect(failed).toMatchObject({ changed: true, failed: true, added: [wanted] });
    expect(failed.error?.code).toBe(refusal === 204 ? 'not_applied' : 'rejected');
    expect(failed.msg).toMatch(RULE);
    expect(failed.msg).toContain(dynamic);

    const kept = { ...wish, keep: [dynamic] };
    for (const flags of [['--check'], [], []]) {
      const answer = await groups(kept, ...flags);
      expect(answer).toMatchObject({ changed: false, removed: [], warnings: [] });
      expect(answer['groups']).toEqual([dynamic, wanted].sort());
    }
    await remove();
  });

  test.each([400, 403, 204] as const)('joined by hand: %i', async (refusal) => {
    const membershipMethod = 'DYNAMIC_REVIEW_REQUIRED';
    const named = { name: 'linux', membershipMethod, refusal } as const;
    const dynamic = emulator.store.addNamed('system_group', named);
    const { groups, remove } = await enrolled();
    const failed = await groups({ groups: [dynamic] });
    expect(failed).toMatchObject({ failed: true });
    expect(failed.error?.code).toBe(refusal === 204 ? 'not_applied' : 'rejected');
    expect(failed.msg).toMatch(RULE);
    await remove();
  });
});

test('keep is for exclusive only', async () => {
  const { groups, remove } = await enrolled();
  const { error, msg } = await groups({ groups: [], keep: ['a'.repeat(24)] });
  expect(error).toMatchObject({ code: 'invalid_arguments' });
  expect(msg).toMatch(/^keep: needs exclusive: true/);
  await remove();
});

test('of ten groups three are refused, each in its own way', async () => {
  const { store, faults } = emulator;
  const { systemId, groups, remove } = await enrolled();
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
  const asked = emulator.requests.map(({ method, status }) => `${method} ${status}`);
  // Writes overtake one another.
  const statuses = ids.map((id) => ({ [first]: 400, [second]: 403, [third]: 422 })[id] ?? 204);
  expect([asked.at(0), ...asked.slice(1, -1).sort(), asked.at(-1)]).toEqual([
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

test('what was refused, and is there all the same, is no failure', async () => {
  const { store, faults } = emulator;
  const { systemId, groups, remove } = await enrolled();
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

test('exclusive users whose sudo the task does not mention keep it, and a warning says so', async () => {
  const { store } = emulator;
  const host = await emulator.enrol();
  const [alice, bob] = [store.addUser(), store.addUser()];
  store.associate(host.systemId, 'user', alice, {
    sudo: { enabled: true, withoutPassword: false },
  });
  const users = async (wished: unknown[], exclusive = true) => {
    const place = { agent_dir: host.agentDir, api_url: emulator.url };
    const options = { ...place, users: wished, exclusive };
    return (await runModule('jumpcloud_user_binding', options)).answer;
  };
  const warned = await users([alice, bob]);
  expect(warned.warnings).toEqual([
    expect.stringMatching(new RegExp(`^User ${alice} keeps the sudo .* Say sudo: false`)),
  ]);
  expect((await users([alice, bob], false)).warnings).toEqual([]);
  expect((await users([{ id: alice, sudo: true }, bob])).warnings).toEqual([]);
  expect(await users([{ id: alice, sudo: false }, bob])).toMatchObject({
    updated: [alice],
    warnings: [],
  });
  await host.remove();
});
