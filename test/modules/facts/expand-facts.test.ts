import { describe, expect } from 'vitest';
import { newId } from '../../emulator/store.ts';
import type { RunResult } from '../../harness/executable.ts';
import { type TestHost, test } from '../../harness/fixture.ts';

const env = { ROLE: 'web', TEAM: ' shop ', NESTED: '{env.ROLE}', LONG: 'a'.repeat(1000) };

const runSystem = (host: TestHost, options: object, ...flags: string[]) =>
  host.run('jumpcloud_system', { expand_facts: true, ...options }, { env, flags });
const runHost = (host: TestHost, options: object, ...flags: string[]) =>
  host.run('jumpcloud_host', { expand_facts: true, ...options }, { env, flags });

/** Returns `invocation.module_args` of an answer. */
function moduleArgsOf({ answer }: RunResult): Record<string, unknown> {
  return (answer['invocation'] as { module_args: Record<string, unknown> }).module_args;
}

/** Expects that options are refused without a request. Returns the problems. */
function problemsOf({ answer }: RunResult, host: TestHost) {
  expect(answer.error?.code).toBe('invalid_arguments');
  expect(host.requests()).toEqual([]);
  return answer.error?.problems;
}

describe('jumpcloud_system with expand_facts', () => {
  const options = {
    display_name: '{env.ROLE}-{env.TEAM}',
    description: 'of {env.OWNER|no one} {"a":1} {{env.ROLE}}',
    attributes: { role: '{env.ROLE}', nested: '{env.NESTED}', none: '{env.OWNER|}', old: null },
  };
  const settings = {
    display_name: 'web-shop',
    description: 'of no one {"a":1} {web}',
    attributes: { role: 'web', nested: '{env.ROLE}', none: '' },
  };
  const facts = {
    'env.ROLE': 'web',
    'env.TEAM': 'shop',
    'env.OWNER': ['no one', ''],
    'env.NESTED': '{env.ROLE}',
  };

  test('jumpcloud_system writes the values of facts, and the next run changes nothing', async ({
    host,
  }) => {
    const first = await runSystem(host, options, '--diff');
    expect(first.answer).toMatchObject({ changed: true, settings, diff: { after: settings } });
    expect(first.answer['facts']).toEqual(facts);
    expect((await runSystem(host, options)).answer).toMatchObject({ changed: false, settings });
  });

  test('in check mode, jumpcloud_system predicts settings that contain the values of facts', async ({
    host,
  }) => {
    const { answer } = await runSystem(host, options, '--check', '--diff');
    expect(answer).toMatchObject({ changed: true, diff: { after: settings } });
    expect(answer['facts']).toEqual(facts);
    expect(host.requests().map(({ method }) => method)).toEqual(['GET']);
  });

  test('module_args of jumpcloud_system contains references, not values', async ({ host }) => {
    const ran = await runSystem(host, options);
    expect(moduleArgsOf(ran)).toMatchObject({ ...options, expand_facts: true });
  });

  test('jumpcloud_system expands references in attributes given as JSON text', async ({ host }) => {
    const { answer } = await runSystem(host, { attributes: '{"role":"{env.ROLE}"}' });
    expect(answer).toMatchObject({ settings: { attributes: { role: 'web' } } });
  });

  test.for([undefined, false, 'no'])(
    'jumpcloud_system does not expand references when expand_facts is %j',
    async (value, { host }) => {
      const given = { display_name: '{hostname}', expand_facts: value };
      const { answer } = await host.run('jumpcloud_system', given);
      expect(answer).toMatchObject({ settings: { display_name: '{hostname}' } });
      expect(answer).not.toHaveProperty('facts');
    },
  );

  test('the field `facts` in the result of jumpcloud_system is empty when no option has a reference', async ({
    host,
  }) => {
    const { answer } = await runSystem(host, { display_name: 'web' });
    expect(answer).toMatchObject({ changed: true, facts: {} });
  });

  test('jumpcloud_system expands references only in display_name, description and attributes', async ({
    host,
  }) => {
    const given = { attributes: { '{env.ROLE}': 'key' }, primary_user: '{env.ROLE}' };
    const { answer } = await runSystem(host, given);
    expect(answer.error?.problems).toMatchObject([{ option: 'primary_user' }]);
    const { answer: keys } = await runSystem(host, { attributes: given.attributes });
    expect(keys).toMatchObject({ settings: { attributes: given.attributes } });
  });

  test('jumpcloud_system fails before any request when a fact is missing', async ({ host }) => {
    const given = { display_name: '{env.NO_A}', attributes: { a: '{env.NO_B} {env.ROLE}' } };
    const { answer } = await runSystem(host, given);
    expect(answer).toMatchObject({
      changed: false,
      failed: true,
      error: {
        code: 'fact_unavailable',
        facts: [
          { fact: 'env.NO_A', reason: 'not found in the environment' },
          { fact: 'env.NO_B', reason: 'not found in the environment' },
        ],
      },
      facts: { 'env.ROLE': 'web' },
    });
    expect(answer.msg).toMatch(/Give a default, as in \{env\.NO_A\|default\}/);
    expect(host.requests()).toEqual([]);
  });

  test('jumpcloud_system reports unknown facts together with all other problems', async ({
    host,
  }) => {
    const ran = await runSystem(host, {
      display_name: '{hostnam}',
      attributes: { a: '{nope}', b: [] },
      timeout: -1,
    });
    const problems = problemsOf(ran, host);
    expect(problems).toEqual([
      { option: 'timeout', message: expect.any(String) },
      {
        option: 'display_name',
        message: expect.stringMatching(/^unknown fact \{hostnam\}; did you mean \{hostname\}\??$/),
      },
      { option: 'attributes', message: 'a: unknown fact {nope}' },
      { option: 'attributes', message: expect.stringMatching(/^b: expected text/) },
    ]);
    expect(ran.answer.msg.match(/Known facts are hostname, /g)).toHaveLength(1);
    expect(ran.answer).not.toHaveProperty('facts');
  });

  test('jumpcloud_system reads no facts if an option without references is invalid', async ({
    host,
  }) => {
    const ran = await runSystem(host, { display_name: '{env.MISSING}', timeout: -1 });
    expect(problemsOf(ran, host)).toMatchObject([{ option: 'timeout' }]);
  });

  test('jumpcloud_system checks the length of an attribute after the expansion', async ({
    host,
  }) => {
    const ran = await runSystem(host, { attributes: { a: '{env.LONG}{env.LONG}' } });
    expect(problemsOf(ran, host)).toEqual([
      { option: 'attributes', message: expect.stringMatching(/^a: has 2000 characters/) },
    ]);
    expect(ran.answer['facts']).toEqual({ 'env.LONG': env.LONG });
    expect(moduleArgsOf(ran)).toMatchObject({ attributes: { a: '{env.LONG}{env.LONG}' } });
    const long = `{env.ROLE}${'{env.MISSING|}'.repeat(100)}`;
    const { answer } = await runSystem(host, { attributes: { a: long } });
    expect(answer).toMatchObject({ settings: { attributes: { a: 'web' } } });
  });

  test('a failed result of jumpcloud_system contains the facts', async ({ host }) => {
    host.hit({ kind: 'status', status: 403 });
    const { answer } = await runSystem(host, { display_name: '{env.ROLE}' });
    expect(answer).toMatchObject({ error: { code: 'rejected' }, facts: { 'env.ROLE': 'web' } });
  });

  test('jumpcloud_system reads no fact if system_id names another host', async ({ host }) => {
    const ran = await runSystem(host, { display_name: '{env.NO_NAME}', system_id: newId() });
    expect(problemsOf(ran, host)).toMatchObject([{ option: 'system_id' }]);
    expect(ran.answer).not.toHaveProperty('facts');
  });
});

describe('jumpcloud_host with expand_facts', () => {
  /** Adds groups to JumpCloud. Returns their ids, and a value for the option `names`. */
  function groups(store: { addGroup(id?: string): string }, ...given: string[]) {
    const ids = Object.fromEntries(given.map((name) => [name, store.addGroup()]));
    return { ids, names: { system_group: ids } };
  }

  test('jumpcloud_host expands references in the section `system` in the same way as jumpcloud_system', async ({
    host,
  }) => {
    const given = { system: { display_name: '{env.ROLE}', attributes: { team: '{env.TEAM}' } } };
    const ran = await runHost(host, given, '--diff');
    const expected = { display_name: 'web', attributes: { team: 'shop' } };
    expect(ran.answer).toMatchObject({
      changed: true,
      facts: { 'env.ROLE': 'web', 'env.TEAM': 'shop' },
      diff: { after: { system: expected } },
    });
    expect(moduleArgsOf(ran)).toMatchObject(given);
  });

  test('jumpcloud_host adds the host to groups whose names contain facts', async ({
    host,
    emulator,
  }) => {
    const { ids, names } = groups(emulator.store, 'linux', 'role web', 'db');
    const given = ['linux', 'role {env.ROLE}', '{env.OWNER|}', '{env.OWNER|linux}'];
    const ran = await runHost(host, { groups: given, names });
    expect(ran.answer).toMatchObject({
      changed: true,
      facts: { 'env.ROLE': 'web', 'env.OWNER': ['', 'linux'] },
      names: { [String(ids['linux'])]: 'linux', [String(ids['role web'])]: 'role web' },
      sections: { groups: { added: [ids['linux'], ids['role web']] } },
    });
    const { linux, 'role web': web } = ids;
    // In module_args, an id replaces each group name that contains no reference.
    expect(moduleArgsOf(ran)).toMatchObject({
      groups: [linux, ...given.slice(1)],
      names: { system_group: { linux, 'role web': web } },
    });
    expect((await runHost(host, { groups: given, names })).answer.changed).toBe(false);
  });

  test('in a comma-separated list of groups, jumpcloud_host replaces each reference to a fact with its value, a group name or id', async ({
    host,
    emulator,
  }) => {
    const { ids, names } = groups(emulator.store, 'linux', 'web');
    const other = emulator.store.addGroup();
    const given = {
      groups: 'linux,{env.ROLE},{env.GROUP_ID}',
      names: { system_group: { ...names.system_group, db: other } },
      expand_facts: true,
    };
    const { answer } = await host.run('jumpcloud_host', given, {
      env: { ...env, GROUP_ID: other },
    });
    expect(answer).toMatchObject({
      sections: { groups: { added: [ids['linux'], ids['web'], other] } },
    });
  });

  test('jumpcloud_host refuses a reference in the section `groups` if the option `names` is missing', async ({
    host,
  }) => {
    const ran = await runHost(host, { groups: [newId(), '{env.ROLE}'] });
    expect(problemsOf(ran, host)).toEqual([
      {
        option: 'groups',
        message:
          "item 2: a reference to a fact needs the option `names`, which turns the fact's value into an id",
      },
    ]);
  });

  test('jumpcloud_host accepts a group id from a fact only if the option `names` contains the id', async ({
    host,
    emulator,
  }) => {
    const { ids, names } = groups(emulator.store, 'web');
    const other = emulator.store.addGroup();
    const fromFact = (id: unknown) =>
      host.run(
        'jumpcloud_host',
        { expand_facts: true, groups: ['{env.GROUP}'], names },
        { env: { GROUP: String(id) }, flags: ['--check'] },
      );
    expect(problemsOf(await fromFact(other), host)).toEqual([
      {
        option: 'groups',
        message: 'item 1: a fact expands to the id of a group that is not listed in names',
      },
    ]);
    expect((await fromFact(ids['web'])).answer).toMatchObject({
      sections: { groups: { added: [ids['web']] } },
    });
    // The id is the default value of the reference. The author of the document wrote it, so it is
    // accepted.
    const ran = await runHost(host, { groups: [`{env.NO|${other}}`], names }, '--check');
    expect(ran.answer).toMatchObject({ sections: { groups: { added: [other] } } });
  });

  test('jumpcloud_system does not read proxy variables as facts', async ({ host }) => {
    const { answer } = await host.run(
      'jumpcloud_system',
      { expand_facts: true, description: '{env.https_proxy}' },
      { env: { https_proxy: 'http://ada:secret@127.0.0.1:1' } },
    );
    expect(answer).toMatchObject({ error: { code: 'fact_unavailable' } });
    expect(JSON.stringify(answer)).not.toContain('secret');
  });

  test('jumpcloud_host refuses an unknown group name from a fact and suggests a known name', async ({
    host,
    emulator,
  }) => {
    const { names } = groups(emulator.store, 'webs');
    const ran = await runHost(host, { groups: ['{env.ROLE}'], names });
    expect(problemsOf(ran, host)).toEqual([
      {
        option: 'groups',
        message: 'item 1: the option "names" has no system group named "web"; did you mean webs?',
      },
    ]);
    expect(ran.answer['facts']).toEqual({ 'env.ROLE': 'web' });
    expect(moduleArgsOf(ran)).toMatchObject({ groups: ['{env.ROLE}'] });
  });

  test.for([['{env.OWNER| linux}'], ['linux '], [' '], ['']])(
    'jumpcloud_host compares group names exactly and refuses %j',
    async ([entry], { host, emulator }) => {
      const { names } = groups(emulator.store, 'linux');
      const ran = await runHost(host, { groups: [entry, 'linux'], names });
      expect(problemsOf(ran, host)).toMatchObject([{ option: 'groups' }]);
    },
  );

  test('jumpcloud_host refuses a group entry that expands to empty text if the section `groups` is exclusive', async ({
    host,
    emulator,
  }) => {
    const { ids, names } = groups(emulator.store, 'linux', 'web');
    emulator.store.join(host.systemId, String(ids['web']));
    const given = { groups: ['linux', '{env.OWNER|}'], names, exclusive: ['groups'] };
    const { answer } = await runHost(host, {
      ...given,
      system: { display_name: '{env.NO_NAME}' },
    });
    expect(answer).toMatchObject({
      changed: false,
      error: {
        code: 'fact_unavailable',
        facts: [
          { fact: 'env.NO_NAME', reason: 'not found in the environment' },
          {
            fact: 'env.OWNER',
            reason:
              'not found in the environment; an entry must not expand to nothing when the option exclusive contains groups',
          },
        ],
      },
    });
    expect(host.requests()).toEqual([]);
    const { answer: other } = await runHost(host, {
      ...given,
      groups: ['linux', '{env.OWNER|web}'],
    });
    expect(other).toMatchObject({ sections: { groups: { added: [ids['linux']], removed: [] } } });
  });

  test('if `exclusive` does not list `groups`, jumpcloud_host skips a group entry that expands to empty text', async ({
    host,
    emulator,
  }) => {
    const { names } = groups(emulator.store, 'linux');
    const given = { groups: ['{env.OWNER|}'], users: [], names, exclusive: ['users'] };
    const { answer } = await runHost(host, given);
    expect(answer).toMatchObject({ changed: false, facts: { 'env.OWNER': '' } });
  });
});
