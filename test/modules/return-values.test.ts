import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DocumentedValue,
  readDocumentation,
} from '../../scripts/build/module-documentation.ts';
import { type Emulator, type EnrolledHost, startEmulator } from '../emulator/emulator.ts';
import { type Answer, MODULES, type ModuleName, runModule } from '../harness/executable.ts';

type Values = Readonly<Record<string, DocumentedValue>>;

/** What every result of every module of Ansible may have. */
const COMMON = ['changed', 'failed', 'invocation'];

/** What a refused edge tells. */
const REFUSAL = ['error.refused', 'error.status', 'error.jumpcloud_message'];

/** What a module never has to tell, or does not in these situations. */
const NEVER: Partial<Record<ModuleName, readonly string[]>> = {
  jumpcloud_system: REFUSAL,
  jumpcloud_system_info: ['diff', ...REFUSAL],
};

let emulator: Emulator;
let host: EnrolledHost;
beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.close());

/** Runs a module in the situations that its return values are documented for. */
async function resultsOf(module: ModuleName): Promise<Answer[]> {
  host = await emulator.enrol();
  const { store } = emulator;
  const [user, group, userGroup] = [store.addUser(), store.addGroup(), store.addUserGroup()];
  store.associate(host.systemId, 'policy', store.add('policy'));
  const call = async (options: object) => {
    const talkative = { _ansible_diff: true, _ansible_verbosity: 2 };
    const place = { agent_dir: host.agentDir, api_url: emulator.url };
    return (await runModule(module, { ...talkative, ...place, ...options })).answer;
  };
  const results = [await call({ nonsense: 1 })];
  /** The same with an edge that JumpCloud refuses. */
  const callRefused = async (id: string, options: object) => {
    emulator.faults.refuse(id, 403);
    const answer = await call(options);
    emulator.faults.clear();
    return answer;
  };
  switch (module) {
    case 'jumpcloud_system':
      emulator.initialisationRace(host.systemId, { afterMs: 100, fields: { displayName: 'x' } });
      results.push(await call({ display_name: 'web-1', settle: 0.5 }));
      break;
    case 'jumpcloud_group_membership':
      results.push(await callRefused(group, { groups: [group] }), await call({ groups: [group] }));
      break;
    case 'jumpcloud_user_binding':
      results.push(await callRefused(user, { users: [user] }));
      results.push(await call({ users: [{ id: user, sudo: true }] }));
      break;
    case 'jumpcloud_association':
      results.push(await call({ type: 'user_group', ids: [userGroup], sudo: true }));
      results.push(await call({ type: 'command', ids: [] }));
      results.push(
        await callRefused(userGroup, { type: 'user_group', ids: [userGroup], state: 'absent' }),
      );
      break;
    case 'jumpcloud_removal':
      store.join(host.systemId, group);
      results.push(await callRefused(group, { scope: 'associations' }));
      results.push(await call({ scope: 'associations' }), await call({ purge_identity: true }));
      break;
    case 'jumpcloud_system_info':
      store.associate(host.systemId, 'user', user);
      store.join(host.systemId, group);
      results.push(await call({}));
      await rm(join(host.agentDir, 'jcagent.conf'));
      results.push(await call({}));
  }
  await host.remove();
  return results;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function fits(type: string | undefined, value: unknown): boolean {
  switch (type) {
    case 'str':
    case 'path':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'int':
      return Number.isInteger(value);
    case 'float':
      return typeof value === 'number';
    case 'list':
      return Array.isArray(value);
    case 'dict':
      return isObject(value);
    default:
      return false;
  }
}

/** Every documented name that some value has; throws for a value that is not as documented. */
function compare(documented: Values, found: Record<string, unknown>, prefix = ''): string[] {
  return Object.entries(found).flatMap(([name, value]) => {
    const key = prefix + name;
    if (prefix === '' && COMMON.includes(name)) return [];
    const { type, elements, contains, description = [] } = documented[name] ?? {};
    if (value === null && description.join(' ').includes('null')) return [key];
    expect(type, `${key} is documented`).toBeDefined();
    expect(fits(type, value), `${key} is of type ${type}: ${JSON.stringify(value)}`).toBe(true);
    const items = Array.isArray(value) ? value : [];
    for (const item of items)
      expect(fits(elements, item), `items of ${key}: ${elements}`).toBe(true);
    const inner = Array.isArray(value) ? items : [value];
    return [
      key,
      ...(contains
        ? inner.filter(isObject).flatMap((one) => compare(contains, one, `${key}.`))
        : []),
    ];
  });
}

function names(values: Values, prefix = ''): string[] {
  return Object.entries(values).flatMap(([name, { contains = {} }]) => [
    prefix + name,
    ...names(contains, `${prefix}${name}.`),
  ]);
}

describe.each(MODULES)('the return values of %s', (module) => {
  test('are those that its results have', async () => {
    const { RETURN } = await readDocumentation(module);
    const seen = new Set((await resultsOf(module)).flatMap((result) => compare(RETURN, result)));
    // A module that changes nothing has nothing to compare.
    const never = NEVER[module] ?? [];
    expect([...seen].sort()).toEqual(
      names(RETURN)
        .filter((name) => !never.includes(name))
        .sort(),
    );
  });

  test('have samples that are such values', async () => {
    const { RETURN } = await readDocumentation(module);
    for (const [name, { sample, ...value }] of Object.entries(RETURN)) {
      expect(sample, `${name} has a sample`).toBeDefined();
      compare({ [name]: value }, { [name]: sample });
    }
  });
});
