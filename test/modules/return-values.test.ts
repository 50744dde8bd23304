import { describe, expect } from 'vitest';
import {
  type DocumentedValue,
  readDocumentation,
  readSharedDocumentation,
} from '../../scripts/build/module-documentation.ts';
import type { Emulator } from '../emulator/emulator.ts';
import { enrolForCalls } from '../emulator/furnish.ts';
import { type Answer, HOST_MODULES, type ModuleName } from '../harness/executable.ts';
import { type TestHost, test } from '../harness/fixture.ts';
import { failingCalls, type Options, sampleCallsOf } from '../harness/furniture.ts';

type Values = Readonly<Record<string, DocumentedValue>>;

/** What every result of every module of Ansible may have. */
const COMMON = ['changed', 'failed', 'invocation'];

/** Runs a module in the situations that its return values are documented for. */
async function resultsOf(
  module: ModuleName,
  host: TestHost,
  { store, faults }: Emulator,
): Promise<Answer[]> {
  enrolForCalls(store, host.systemId);
  const results: Answer[] = [];
  const call = async (options: Options) => {
    const talkative = { _ansible_diff: true, _ansible_verbosity: 2 };
    results.push((await host.run(module, { ...talkative, ...options })).answer);
  };
  const calls = failingCalls(module, (type) => store.addNamed(type, type));
  await call({ nonsense: 1 });
  const refusal = { kind: 'status', status: 403, text: '{"message":"refused"}' } as const;
  faults.add({ fault: refusal, when: ({ method }) => method === 'POST', times: Infinity });
  await call({ ...calls[0], names: {} });
  faults.clear();
  for (const options of calls) await call(options);
  await call({ ...sampleCallsOf(module).good, agent_dir: '/nonexistent' });
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

const sharedNames = new Set(names((await readSharedDocumentation()).RETURN));
/** What has been seen of the values that all modules share; no single module has them all. */
const seenOfShared = new Set<string>();

describe.each(HOST_MODULES)('the return values of %s', (module) => {
  test('are those that its results have', async ({ host, emulator }) => {
    const { RETURN } = await readDocumentation(module);
    const results = await resultsOf(module, host, emulator);
    const seen = new Set(results.flatMap((result) => compare(RETURN, result)));
    const isOwn = (name: string) => !sharedNames.has(name);
    expect([...seen].filter(isOwn).sort()).toEqual(names(RETURN).filter(isOwn).sort());
    for (const name of seen) if (!isOwn(name)) seenOfShared.add(name);
  });

  test('have samples that are such values', async () => {
    const { RETURN } = await readDocumentation(module);
    for (const [name, { sample, ...value }] of Object.entries(RETURN)) {
      expect(sample, `${name} has a sample`).toBeDefined();
      compare({ [name]: value }, { [name]: sample });
    }
  });
});

test('the return values that all share are those that results have', () => {
  expect([...seenOfShared].sort()).toEqual([...sharedNames].sort());
});
