import { describe, expect } from 'vitest';
import type { Emulator, EnrolledHost } from '../emulator/emulator.ts';
import { type Answer, predictionOf, runModule } from '../harness/executable.ts';
import { test } from '../harness/fixture.ts';

let emulator: Emulator;
let host: EnrolledHost;
test.beforeAll(({ emulator: shared }) => {
  emulator = shared;
});
test.beforeEach(({ host: own }) => {
  host = own;
  emulator.clearRequests();
  return () => emulator.faults.clear();
});

async function run(options: object, ...flags: string[]): Promise<Answer> {
  const connection = { agent_dir: host.agentDir, api_url: emulator.url };
  return (await runModule('jumpcloud_host', { ...connection, ...options }, { flags })).answer;
}

/** Returns the requests since the last call as `METHOD target`, without ids. */
function takeRequests(): string[] {
  const lines = emulator.requests.map(({ method, url, body }) => {
    const target = /targets=(\w+)|(memberof|users|members)\b/.exec(url);
    const { op, type, id } = Object(body);
    if (method === 'POST') return `POST ${op} ${target?.[2] === 'members' ? 'group' : type} ${id}`;
    return `${method} ${target?.[1] ?? target?.[2] ?? 'record'}`;
  });
  emulator.clearRequests();
  return lines.map((line) => line.replace(/ [0-9a-f]{24}$/, ''));
}

/**
 * Adds groups, users and a command. Returns their ids, and a document of five sections with them.
 */
function createDocument() {
  const { store } = emulator;
  const [group, other] = [store.addGroup(), store.addGroup()];
  const [ada, bob] = [store.addUser(), store.addUser()];
  const [team, command] = [store.addUserGroup(), store.addObject('command')];
  const document = {
    system: { display_name: 'web-1', attributes: { role: 'web' } },
    groups: [group, other],
    users: [{ id: ada, sudo: true }, bob],
    user_groups: [team],
    commands: [command],
  };
  return { document, group, other, ada, bob, team, command };
}

describe('jumpcloud_host with a document of five sections', () => {
  test('a document is applied as check mode predicts, and the next run sends only five reads', async () => {
    const { document, group, other, ada, bob } = createDocument();
    const predicted = await run(document, '--check', '--diff');
    expect(takeRequests().sort()).toEqual(
      ['GET record', 'GET memberof', 'GET user', 'GET user_group', 'GET command'].sort(),
    );

    const answer = await run(document, '--diff');
    expect(predicted).toEqual(predictionOf(answer));
    expect(answer).toMatchObject({
      changed: true,
      msg: 'Changed system: display_name, attributes; groups: 2 added; users: 2 added; user_groups: 1 added; commands: 1 added.',
      warnings: [],
      sections: {
        system: { settings: { display_name: 'web-1', attributes: { role: 'web' } } },
        groups: { groups: [group, other].sort(), added: [group, other], removed: [] },
        users: { added: [ada, bob], updated: [], removed: [] },
      },
    });
    expect(answer.diff?.after).toMatchObject({
      system: { display_name: 'web-1', attributes: { role: 'web' } },
      groups: [group, other].sort(),
    });
    const requests = takeRequests();
    expect(requests.slice(5, 13)).toEqual([
      // The run reads the record again, because another run may have written attributes.
      'GET record',
      'PUT record',
      'POST add group',
      'POST add group',
      'POST add user',
      'POST add user',
      'POST add user_group',
      'POST add command',
    ]);
    expect(requests.slice(13).sort()).toEqual(
      ['GET memberof', 'GET user', 'GET user_group', 'GET command'].sort(),
    );

    const again = await run(document);
    expect(again).toMatchObject({ changed: false, msg: 'Nothing to change.' });
    expect(takeRequests()).toHaveLength(5);
  });

  test('an exclusive section removes unlisted edges after all other writes; edges that the option `keep` lists stay', async () => {
    const { store } = emulator;
    const { document, group, ada, command } = createDocument();
    await run(document);
    const [kept, gone, newcomer] = [store.addGroup(), store.addGroup(), store.addUser()];
    for (const id of [kept, gone]) store.join(host.systemId, id);
    takeRequests();
    const answer = await run({
      groups: [group],
      users: [newcomer],
      commands: [],
      exclusive: ['groups', 'users', 'commands'],
      keep: { groups: [kept] },
    });
    expect(answer).toMatchObject({
      changed: true,
      sections: {
        groups: { groups: [group, kept].sort(), added: [] },
        users: { added: [newcomer] },
        commands: { associations: [], removed: [command] },
      },
    });
    const writes = takeRequests().filter((line) => line.startsWith('POST'));
    expect(writes).toEqual([
      'POST add user',
      'POST remove command',
      'POST remove user',
      'POST remove user',
      'POST remove group',
      'POST remove group',
    ]);
    expect(store.edgesOf(host.systemId, 'user').map(([id]) => id)).not.toContain(ada);
  });

  test('check mode does not warn about access that the run would remove', async () => {
    const { store } = emulator;
    const [ada, group] = [store.addUser(), store.addGroup()];
    const [gone, kept] = [store.addUserGroup([ada]), store.addUserGroup([ada])];
    store.groupEdges.set(group, new Map([[`user_group:${gone}`, undefined]]));
    store.join(host.systemId, group);
    for (const id of [gone, kept]) store.associate(host.systemId, 'user_group', id);
    const document = {
      groups: [],
      users: [],
      user_groups: [kept],
      exclusive: ['groups', 'users', 'user_groups'],
    };
    const predicted = await run(document, '--check');
    const answer = await run(document);
    expect(predicted).toEqual(predictionOf(answer));
    expect(answer.warnings).toEqual([expect.stringContaining(`through user group ${kept}.`)]);
  });

  test('a run applies accepted changes and reports refused changes', async () => {
    const { document, other, ada, team } = createDocument();
    emulator.faults.add({
      fault: { kind: 'status', status: 422, text: '{"message":"no such name"}' },
      when: ({ method }) => method === 'PUT',
    });
    emulator.faults.refuse(other, 403);
    const failed = await run(document);
    expect(failed).toMatchObject({
      changed: true,
      failed: true,
      error: {
        code: 'rejected',
        section: 'system',
        status: 422,
        refused: [{ op: 'add', type: 'system_group', id: other, status: 403 }],
      },
      sections: { users: { added: expect.arrayContaining([ada]) }, user_groups: { added: [team] } },
    });
    emulator.faults.clear();
    emulator.faults.refuse(other, 403);
    const second = await run(document);
    expect(second).toMatchObject({
      changed: true,
      failed: true,
      error: { section: 'groups', status: 403 },
    });
    expect(second.msg).toMatch(/name the group in the option keep/);
    emulator.faults.clear();
    expect(await run(document)).toMatchObject({ changed: true, msg: 'Changed groups: 1 added.' });
    expect((await run(document)).changed).toBe(false);
  });

  test('a run ends at the first 401 and reports the section that got the 401', async () => {
    const { document, group } = createDocument();
    emulator.faults.add({
      fault: { kind: 'status', status: 401, text: '{"message":"Unauthorized"}' },
      when: ({ url, method, body }) =>
        method === 'POST' && url.includes('associations') && Object(body).type === 'user',
    });
    const failed = await run(document);
    expect(failed).toMatchObject({
      changed: true,
      failed: true,
      error: { code: 'unauthorized', section: 'users' },
      sections: { groups: { added: expect.arrayContaining([group]) }, commands: { added: [] } },
    });
  });

  test('a run writes all edges before it waits for the settings to settle', async () => {
    emulator.initialisationRace(host.systemId, { afterMs: 300, fields: { displayName: 'x' } });
    const { document } = createDocument();
    const settling = { ...document, system: { ...document.system, settle: 1.5 } };
    const answer = await run(settling);
    expect(answer).toMatchObject({ changed: true, sections: { system: { reapplied: 1 } } });
    const [firstRead, ...writes] = takeRequests();
    expect(firstRead).toBeDefined();
    expect(writes.lastIndexOf('POST add command')).toBeLessThan(writes.lastIndexOf('PUT record'));
    expect((await run({ ...document })).changed).toBe(false);
  });
});

describe('validation of the document', () => {
  const id = 'a'.repeat(24);
  test.each<[document: object, problems: [option: string, message: RegExp][]]>([
    [{}, [['', /Give at least one of system, groups, users/]]],
    [{ system: { displayname: 'a' } }, [['system.displayname', /did you mean display_name\?/]]],
    [{ system: { settle: 'soon' } }, [['system.settle', /expected a number of seconds/]]],
    [
      { system: { purge_attributes: true } },
      [['system.purge_attributes', /^needs the option attributes/]],
    ],
    [{ users: [id, { id, sudo: true }] }, [['users', /is listed twice/]]],
    [{ user_groups: [id, id] }, [['user_groups', /^item 2: user group .* is listed twice/]]],
    [
      { users: [id, { id: 'b'.repeat(24), sudo: 'maybe' }] },
      [['users', /^item 2: sudo: expected/]],
    ],
    [{ users: [{ id, sudo_without_password: true }] }, [['users', /^item 1: sudo_without_pass/]]],
    [{ groups: [], exclusive: ['users'] }, [['exclusive', /^the section users is not given/]]],
    [{ system: {}, exclusive: ['system'] }, [['exclusive', /^system is not a list/]]],
    [{ groups: [], exclusive: ['group'] }, [['exclusive', /expected one of groups, users, /]]],
    [{ groups: [], keep: { groups: [id] } }, [['keep.groups', /^needs groups in exclusive/]]],
    [{ groups: [], keep: { group: [id] } }, [['keep.group', /did you mean groups\?/]]],
    [
      { groups: 'web', sytem: {} },
      [
        ['sytem', /did you mean system\?/],
        ['groups', /^item 1: expected an id/],
      ],
    ],
  ])('the document %j is rejected', async (document, problems) => {
    const { error, msg, invocation } = await run(document);
    expect(error, msg).toMatchObject({ code: 'invalid_arguments' });
    expect(error?.problems).toEqual(
      problems.map(([option, message]) => ({ option, message: expect.stringMatching(message) })),
    );
    expect(JSON.stringify(invocation)).not.toContain('displayname');
    expect(takeRequests()).toEqual([]);
  });
});
